import time

import pytest

from orderlab.masking import masked


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://lab:sesame@db:5432/orders", "postgresql://lab:***@db:5432/orders"),
        ("postgresql://lab:se:sa@me@db/orders", "postgresql://lab:***@db/orders"),
        ("postgresql://lab:se/same@db/orders", "postgresql://lab:***@db/orders"),
        ("redis://:sesame@cache", "redis://:***@cache"),
        ("('postgresql://lab:sesame@db')", "('postgresql://lab:***@db')"),
        ("postgresql://db/orders?user=lab&password=sesame", "postgresql://db/orders?user=lab&password=***"),
        ("GET /?token=sesame HTTP/1.1", "GET /?token=*** HTTP/1.1"),
        ("/ws?after=1&token=sesame&x=2", "/ws?after=1&token=***&x=2"),
        ("next=%2F%3FTOKEN%3Dsesame", "next=%2F%3FTOKEN%3D***"),
        ("Authorization: Bearer sesame", "Authorization: Bearer ***"),
        ("Cookie: a=b; orderlab-3000=0f0f; c=d", "Cookie: a=b; orderlab-3000=***; c=d"),
        ("postgresql://db/orders?user=lab&password=se,sa;me&a=b", "postgresql://db/orders?user=lab&password=***&a=b"),
        ("postgresql://db/orders?sslpassword=sesame", "postgresql://db/orders?sslpassword=***"),
        ("postgres:/lab:sesame@db/orders", "postgres:/lab:***@db/orders"),
        ("host=db password='open sesame' user=lab", "host=db password=*** user=lab"),
    ],
)
def test_what_is_secret_is_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:3000/docs",
        "duckdb:////var/lib/orders.duckdb",
        "duckdb:///C:/lab@home/orders.duckdb",
        "somebody@lab.example",
        "no token was given",
    ],
)
def test_what_is_not_secret_is_left(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    ["a" * 60_000, "://x:" * 12_000, "bearer " * 9_000, "token=" * 10_000, "://" * 20_000, "password='" * 9_000],
    ids=lambda text: text[:8],
)
def test_no_text_takes_long_to_mask(text: str) -> None:
    began = time.process_time()
    masked(text)
    assert time.process_time() - began < 1
