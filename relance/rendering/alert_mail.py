"""A chat message written as an e-mail: text, HTML, its charts within the text, other files attached."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import cast

from relance.domain.channels.messages import Attachment, OutgoingMessage, heading, links, listed, plain_text
from relance.domain.failures import Severity
from relance.domain.labels import clean_name
from relance.rendering.jinja_templates import template_of
from relance.rendering.names import phrase
from relance.settings.mail import MailGroup

MOST_ROWS = 200
LONGEST_SUBJECT = 200
_COLOURS = {
    Severity.CRITICAL: "#b91c1c",
    Severity.HIGH: "#c2410c",
    Severity.MEDIUM: "#b7791f",
    Severity.LOW: "#0f766e",
}
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class AlertMailWriter:
    """Writes alerts for the sender of these settings; the template is compiled when it is made."""

    def __init__(self, mail: MailGroup) -> None:
        self._mail = mail
        self._template = template_of("alert.html")

    def write(self, message: OutgoingMessage, to_address: str, message_id: str) -> bytes:
        """Return a message with CRLF line ends; blocks for some milliseconds.

        A mail shows up to 200 rows where chats show ten.
        """
        mail = EmailMessage(policy=SMTP)
        self._head(mail, message, to_address, message_id)
        images = [attachment for attachment in message.attachments if attachment.content_type.startswith("image/")]
        mail.set_content(plain_text(message, MOST_ROWS) + "\n", cte="quoted-printable")
        mail.add_alternative(self._html(message, images, message_id), subtype="html", cte="quoted-printable")
        html = cast("EmailMessage", mail.get_payload()[1])  # type: ignore[index]
        for number, image in enumerate(images):
            html.add_related(
                image.content,
                *image.content_type.split("/", 1),
                cid=f"<{_cid(number, message_id)}>",
                filename=image.filename,
                disposition="inline",
            )
        for file in message.attachments:
            if file not in images:
                mail.add_attachment(file.content, *file.content_type.split("/", 1), filename=file.filename)
        return mail.as_bytes()

    def _head(self, mail: EmailMessage, message: OutgoingMessage, to_address: str, message_id: str) -> None:
        brand = phrase(clean_name(self._mail.sender_name)).decode()
        mail["Date"] = format_datetime(message.at)
        mail["From"] = f"{brand} <{self._mail.sender_address}>"
        mail["To"] = to_address
        mail["Subject"] = _CONTROLS.sub(" ", message.title)[:LONGEST_SUBJECT].strip()
        mail["Message-ID"] = message_id
        mail["Auto-Submitted"] = "auto-generated"
        mail["Content-Language"] = message.language
        mail["Importance"] = "high" if message.severity in {Severity.CRITICAL, Severity.HIGH} else "normal"
        mail["X-Deduplication-Key"] = message.key

    def _html(self, message: OutgoingMessage, images: Sequence[Attachment], message_id: str) -> str:
        return self._template.render(
            language=message.language,
            colour=_COLOURS[message.severity],
            heading=heading(message),
            title=message.title,
            text=message.text,
            rows=listed(message, MOST_ROWS),
            images=[
                {"cid": _cid(number, message_id), "alternative": image.filename, "url": image.url}
                for number, image in enumerate(images)
            ],
            offer=message.offer,
            links=[(name, url) for name, url in links(message) if url not in {image.url for image in images}],
            key=message.key,
        )


def _cid(number: int, message_id: str) -> str:
    return f"{number}.{message_id.strip('<>')}"
