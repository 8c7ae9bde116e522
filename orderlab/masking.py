"""What must never be seen in a log, on a terminal or in a message: passwords and tokens."""

import re

# Each begins with fixed text, and the password is of bounded length: a client may write kilobytes into a log, and a
# pattern that began with "any scheme" would take seconds for them.
_URL_PASSWORD = re.compile(r"""(:/{1,2}[^\s:/?#@]{0,256}:)[^\s"'<>]{1,512}@""")
_SECRET = re.compile(r"""(token(?:=|%3d)|\bbearer\s{1,8}|\borderlab-[0-9]{1,5}=)[^\s&;,#"']+""", re.IGNORECASE)
_PASSWORD = re.compile(r"""(password(?:=|%3d))(?:'[^']{1,512}'|[^\s&#"']+)""", re.IGNORECASE)


def masked(text: str) -> str:
    """Return a text without the passwords in its URLs and without tokens.

    >>> masked("postgresql://lab:sesame@db/orders and /?token=sesame&after=1")
    'postgresql://lab:***@db/orders and /?token=***&after=1'
    """
    return _PASSWORD.sub(r"\1***", _SECRET.sub(r"\1***", _URL_PASSWORD.sub(r"\1***@", text)))
