"""smtp.py FOLDER MODE[:PORT]...: a mail server with simulated faults. It serves one port for each
mode and prints the ports in one line. It stores accepted mails as FOLDER/MODE-N.eml. It exits when
its standard input closes. Its certificate for localhost is signed by the authority in
FOLDER/ca.pem."""
import asyncio
import json
import pathlib
import ssl
import subprocess
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder = pathlib.Path(sys.argv[1])


def openssl(*words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def certificates():
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test authority")
    (folder / "leaf.ext").write_text("subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "leaf.ext", "-out", "leaf.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem", folder / "leaf.key")
    return context


class Handler:
    """The behaviour of each mode. There is one handler for each connection."""

    greeted = set()

    def __init__(self, mode):
        self.mode = mode

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mode == "busy":
            return "451 4.3.2 try again later"
        if self.mode == "sender_refused":
            return "553 sender address not owned by user"
        envelope.mail_from = address
        return "250 2.1.0 ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.mode == "drops_at_recipient":
            server.transport.abort()
        if self.mode == "greylist" and address not in Handler.greeted:
            Handler.greeted.add(address)
            return f"450 4.2.0 <{address}>: greylisted, come back later"
        if self.mode == "managers" and "owner" in address and address not in Handler.greeted:
            Handler.greeted.add(address)
            return f"450 4.2.0 <{address}>: come back later"
        if self.mode == "managers" and "gone" in address:
            return f"550 5.1.1 <{address}>: no such user here"
        if self.mode == "unknown_user" and "full" in address:
            return f"550 5.1.1 <{address}>: no such user here"
        if self.mode == "no_relay":
            return f"550 5.7.1 <{address}>: relaying denied"
        if self.mode == "no_mailbox":
            return f"550 5.1.1 <{address}>: no such user here"
        if self.mode == "mailbox_full":
            return f"552 5.2.2 <{address}>: mailbox full"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        if self.mode == "spam":
            return "554 5.7.1 looks like spam"
        if self.mode == "queue_full":
            return "452 4.3.1 no space left"
        taken = 1 + len(list(folder.glob(f"{self.mode}-*.eml")))
        name = folder / f"{self.mode}-{taken}"
        name.with_suffix(".part").write_bytes(envelope.original_content)
        name.with_suffix(".part").rename(name.with_suffix(".eml"))
        told = {"hello": session.host_name, "from": envelope.mail_from, "to": envelope.rcpt_tos, "tls": session.ssl is not None, "authenticated": session.authenticated, "peer": session.peer[1]}
        name.with_suffix(".json").write_text(json.dumps(told))
        if self.mode == "slow":
            await asyncio.sleep(1)
        if self.mode == "silent_after_data":
            await asyncio.Event().wait()
        if self.mode == "drops_after_data" or (self.mode == "drops_once" and taken == 1):
            server.transport.abort()
        return "250 2.0.0 queued"


class Banner(asyncio.Protocol):
    """Sends one line, or nothing, to every client."""

    def __init__(self, words):
        self.words = words

    def connection_made(self, transport):
        if self.words:
            transport.write(self.words)
            transport.close()


def refuse(server, session, envelope, mechanism, data):
    right = data.login == b"hotel" and data.password == b"s3cret"
    return AuthResult(success=right and server.event_handler.mode == "full", handled=False, message=None if right else "535 5.7.8 wrong")


async def serve(loop, mode, tls):
    mode, _, port = mode.partition(":")

    def protocol():
        if mode == "silent_banner":
            return Banner(None)
        if mode == "closed_for_you":
            return Banner(b"554 5.3.2 no service for you\r\n")
        secure = mode in ("full", "auth_refused", "starttls")
        auth = mode in ("full", "auth_refused")
        return SMTP(
            Handler(mode), loop=loop, hostname="mail.test", enable_SMTPUTF8=False,
            tls_context=tls if secure else None, require_starttls=secure,
            authenticator=refuse if auth else None, auth_required=auth, auth_require_tls=auth,
        )

    return await loop.create_server(protocol, "127.0.0.1", int(port or 0), ssl=tls if mode == "implicit" else None)


async def main():
    loop = asyncio.get_running_loop()
    tls = certificates()
    servers = [await serve(loop, mode, tls) for mode in sys.argv[2:]]
    print(" ".join(str(server.sockets[0].getsockname()[1]) for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
