import re
from pathlib import Path
from unittest.mock import patch

import pytest
from timeline_logs import order_timeline

from orderlab.notebook.timetravel import TimeTravel


@pytest.fixture
def travel() -> TimeTravel:
    return TimeTravel(order_timeline(), title="</script><b>Mugs")


def test_an_exported_page_is_one_file_that_may_ask_for_nothing(travel: TimeTravel, tmp_path: Path) -> None:
    path = travel.export_html(tmp_path / "page.html")
    text = path.read_text()
    assert "default-src 'none'; script-src 'sha256-" in text
    assert re.findall(r"""(?:src|href)=["']?(?!data:)[\w/]""", text.split("<script")[0]) == []
    assert "<b>Mugs" not in text
    assert text.count("</script>") == 2


def test_a_page_that_cannot_be_written_leaves_what_was_there(travel: TimeTravel, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("before")
    with patch("os.replace", side_effect=OSError("disk full")), pytest.raises(OSError, match="disk full"):
        travel.export_html(path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("page.html", "before")]


def test_a_static_view_is_a_frame_with_the_picture_behind_it(travel: TimeTravel) -> None:
    static = travel.as_static()
    html = static._repr_html_()
    assert 'sandbox="allow-scripts allow-forms"' in html
    assert html.index("<iframe") < html.index("data:image/svg+xml;base64,")
    assert repr(static).startswith("<StaticView of </script><b>Mugs: ")
