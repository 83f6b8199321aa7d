"""`python -m tests.gateway.child PORT`: a process that serves one attachment, which tells who served it."""

from __future__ import annotations

import asyncio
import os
import sys

from relance.domain.channels.messages import Attachment
from relance.gateway.application import application
from relance.gateway.server import serving
from relance.runtime.shutdown import stop_requested
from relance.settings.gateway import Gateway
from tests.support.fakes import FakeAttachments
from tests.support.gateway_needs import needs_of


async def main() -> None:
    stop = stop_requested()
    attachments = FakeAttachments()
    await attachments.store("k", [Attachment("f", "image/png", str(os.getpid()).encode())])
    needs = needs_of(attachments=attachments, verify_attachment=lambda _: ("k", "f"))
    async with serving(Gateway(port=int(sys.argv[1])), application(needs)):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(main())
