"""The section that says who is told of what, and over which channels.

Pure. A module of its own beside :mod:`trimtab.config.models`, whose rules it follows. Tokens and
passwords are never written here: :mod:`trimtab.config.notify_secrets` reads them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from trimtab.config.fields import DefaultText, Exact, Text, Unit, Whole
from trimtab.config.notify_settings import Channel, MailTls
from trimtab.config.notify_words import (
    read_address,
    read_addresses,
    read_channels,
    read_events,
    read_hook,
    read_reply_channels,
    read_sender,
    read_topic,
)
from trimtab.domain.notices import NoticeKind

SECTION: Final = ConfigDict(extra="forbid", frozen=True, validate_default=True, defer_build=True)


class Notify(BaseModel):
    """Who is told what happens. Tokens and passwords are never written here."""

    model_config = SECTION

    channels: Annotated[tuple[Channel, ...], AfterValidator(read_channels)] = ()
    """Over which channels; empty tells nobody. apprise needs trimtab[apprise]."""
    replies: Annotated[tuple[Channel, ...], AfterValidator(read_reply_channels)] = ()
    """Over which of them a reply with a one-time code decides a plan: telegram, ntfy."""
    events: Annotated[
        tuple[NoticeKind, ...], AfterValidator(read_events), DefaultText(text="all of them")
    ] = ()
    """What is told; empty for all. Critical ones are always written down for notify list."""
    timeout_s: Annotated[Exact, Field(gt=0, le=15), Unit(name="s")] = Decimal(5)
    """Wait for a channel to take one message."""
    webhook_url: Annotated[str, BeforeValidator(read_hook)] = Field(
        default="", examples=["https://example.org/trimtab"]
    )
    """Where the webhook posts JSON; https, or http on this machine."""
    telegram_chat: Text = ""
    """Id of the chat that the bot writes to."""
    telegram_sender: Annotated[str, BeforeValidator(read_sender)] = ""
    """Id of the person whose replies count, not of the bot; a number."""
    ntfy_url: Annotated[str, BeforeValidator(read_hook)] = "https://ntfy.sh"
    """The ntfy server."""
    ntfy_topic: Text = ""
    """The topic that is published to; who knows it can read it."""
    ntfy_reply_topic: Annotated[str, BeforeValidator(read_topic)] = ""
    """The topic that replies are read from."""
    email_host: Text = ""
    """The mail server that takes messages."""
    email_port: Annotated[Whole, Field(ge=1, le=65_535), Unit(name="port")] = 587
    """Its port."""
    email_tls: MailTls = MailTls.STARTTLS
    """How the connection is encrypted; none only on this machine."""
    email_user: Text = ""
    """Who logs in; empty for no login."""
    email_from: Annotated[str, BeforeValidator(read_address)] = ""
    """Who it is from."""
    email_to: Annotated[tuple[Text, ...], AfterValidator(read_addresses)] = ()
    """Who it is to."""
