"""Who fetched the picture of a mail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from relance.domain.invitations.open_kinds import TOO_SOON, OpenKind, open_kind

HOUR = timedelta(hours=1)
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36"
MACHINES = {
    "Gmail": "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "Gmail ahead": f"{_WINDOWS} Chrome/42.0.2311.135 Edge/12.246 Mozilla/5.0",
    "Apple privacy": "Mozilla/5.0",
    "Yahoo": "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Barracuda": "Barracuda Sentinel (EE)",
    "Defender": "Mozilla/5.0 (Windows NT 10.0) SafeLinks",
    "Bing": "Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/534+ (KHTML, like Gecko) BingPreview/1.0b",
    "Office": "Microsoft Office Existence Discovery",
    "Mimecast": "Mozilla/5.0 Mimecast",
    "Slack": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "headless": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0",
    "curl": "curl/8.5.0",
    "Python": "python-requests/2.31.0",
    "Go": "Go-http-client/1.1",
    "none": "",
    "blank": "   ",
}
PEOPLE = {
    "iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Outlook": "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
    "Thunderbird": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.5.0",
    "Chrome": f"{_WINDOWS} (KHTML, like Gecko) Chrome/131.0 Safari/537.36",
    "Cubot, a telephone": "Mozilla/5.0 (Linux; Android 13; CUBOT X70) AppleWebKit/537.36 Chrome/131.0 Mobile",
}


@pytest.mark.parametrize("agent", MACHINES.values(), ids=MACHINES)
def test_proxies_scanners_and_programs_are_machines(agent: str) -> None:
    assert open_kind(agent, HOUR) is OpenKind.MACHINE


@pytest.mark.parametrize("agent", PEOPLE.values(), ids=PEOPLE)
def test_mail_programs_and_browsers_are_people(agent: str) -> None:
    assert open_kind(agent, HOUR) is OpenKind.PERSON


@pytest.mark.parametrize("since", [timedelta(0), TOO_SOON - timedelta(seconds=1), -HOUR, None])
def test_nobody_reads_a_mail_that_fast(since: timedelta | None) -> None:
    assert open_kind(PEOPLE["Chrome"], since) is OpenKind.MACHINE


def test_a_long_name_costs_no_time() -> None:
    assert open_kind("Mozilla/5.0 " + "a" * 1_000_000, HOUR) is OpenKind.PERSON
