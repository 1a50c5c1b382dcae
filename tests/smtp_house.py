"""A mailbox that sends by a mail server on loopback, with the certificate authority that made the server's certificate."""

from pathlib import Path
from typing import Any

import trustme
from servers.smtp import Post
from servers.web import make_context

from followupd.adapters.maildir import MaildirMailbox
from followupd.adapters.smtp import SmtpMailbox
from followupd.network import MailServer, Secret
from followupd.rules.reading import read_envelope

USER, PASSWORD = "ada@example.com", "s3cret sömmer"


class SmtpHouse:
    """A folder with a CA, a password and a Maildir."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self.authority.cert_pem.write_to_path(str(self.ca_file))
        self.password_file = folder / "password"
        self.password_file.write_text(f"{PASSWORD}\n")
        self.password_file.chmod(0o600)
        self.maildir = folder / "Mail"

    def post(self, **options: Any) -> Post:
        """Return a server to be entered: with TLS from the first byte and a login, unless `options` say otherwise."""
        return Post(make_context(self.authority, "localhost"), login=(USER, PASSWORD), **options)

    def server(self, post: Post, security: str = "tls", **other: Any) -> MailServer:
        facts: dict[str, Any] = {"host": "localhost", "user": USER, "secret": Secret(file=self.password_file)}
        return MailServer(port=post.port, security=security, **facts | other)

    def mailbox(self, server: MailServer, seconds: float = 10.0) -> SmtpMailbox:
        return SmtpMailbox(MaildirMailbox("mine", self.maildir), server, self.ca_file, read_envelope, seconds)
