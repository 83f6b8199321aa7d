"""Links to the form lead to the application and nowhere else."""

from __future__ import annotations

import httpx
import pytest

from relance.adapters.tokens import Purpose
from relance.settings.gateway import Gateway
from tests.gateway.recipients import INVITATION, TOKEN, TOKENS, browsing

FORM = TOKENS.sign(Purpose.SUBMIT, INVITATION)


async def _follow(path: str, method: str = "GET", form_url: str = "https://app.example/f/{token}") -> httpx.Response:
    async with browsing(None, settings=Gateway(client_rate=1_000, form_url=form_url)) as browser:
        return await browser.request(method, path, headers={"Host": "evil.example"})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("form_url", ["https://app.example/f/{token}", "https://app.example/form?t={token}&x=1"])
async def test_a_link_leads_to_the_form_of_its_token(method: str, form_url: str) -> None:
    answer = await _follow(f"/f/{FORM}", method, form_url)
    assert (answer.status_code, answer.headers["location"]) == (303, form_url.replace("{token}", FORM))
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    ["/f/{form}x", "/f/{other}", "/f/", "/f//evil.example", "/f/https://evil.example", "/f/{form}/../x",
     "/f/{form}%0d%0a", "/f/{form}?next=https://evil.example#x"],
)  # fmt: skip
async def test_no_link_leads_anywhere_else(path: str) -> None:
    answer = await _follow(path.format(form=FORM, other=TOKEN))
    if answer.status_code == 303:
        assert answer.headers["location"] == f"https://app.example/f/{FORM}"
    else:
        assert (answer.status_code, "location" in answer.headers) == (404, False)


@pytest.mark.parametrize("path", ["/f/{form}/", "/f/{form}%3E", "/f/{form}%0d%0a", "/f/%20{form}"])
async def test_a_link_as_mail_programs_break_it_leads_to_the_form_as_well(path: str) -> None:
    answer = await _follow(path.format(form=FORM))
    assert (answer.status_code, answer.headers["location"]) == (303, f"https://app.example/f/{FORM}")


async def test_a_form_is_only_looked_at() -> None:
    assert (await _follow(f"/f/{FORM}", "POST")).status_code == 405


@pytest.mark.parametrize(
    "url",
    ["http://app.example/{token}", "https://app.example/", "https://{token}.example/", "https://app.example/{token}/{token}",
     "https://app.example/{token}/{x}", "javascript:{token}", "//app.example/{token}", "https://a:b@app.example/{token}",
     "https://app.example/#{token}"],
)  # fmt: skip
def test_the_address_of_the_form_is_checked(url: str) -> None:
    with pytest.raises(ValueError, match="form_url"):
        Gateway(form_url=url)


def test_a_form_on_this_machine_needs_no_encryption() -> None:
    assert Gateway(form_url="http://127.0.0.1:3000/f/{token}").form_url
