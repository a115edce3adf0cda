# Requires STARTTLS and the sign-in user:hunter2. Prints its port, then each mail as a line of JSON. Ends with its standard input.
import email, email.policy, json, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

REFUSED = {"unknown@example.org": "550 5.1.1 <unknown@example.org>: user unknown", "busy@example.org": "451 4.3.0 try later"}


def text_of(mail, kind):
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in REFUSED:
            return REFUSED[address]
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = list(mail.walk())
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos[0],
            "subject": mail["Subject"],
            "date": mail["Date"].datetime.isoformat(),
            "automatic": mail["Auto-Submitted"],
            "id": mail["Message-ID"],
            "text": text_of(mail, "plain"),
            "html": text_of(mail, "html"),
            "defects": [str(defect) for part in parts for defect in part.defects],
        }), flush=True)
        return "250 queued"


def authenticate(server, session, envelope, mechanism, data):
    # Not handled: the server answers.
    return AuthResult(success=(data.login, data.password) == (b"user", b"hunter2"), handled=False)


tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(sys.argv[1], sys.argv[2])
controller = Controller(
    Handler(), hostname="127.0.0.1", port=0, tls_context=tls, require_starttls=True,
    auth_required=True, authenticator=authenticate,
)
# Port 0 is any free one, which `start` would not find.
controller.server = controller.loop.run_until_complete(controller._create_server())
print(controller.server.sockets[0].getsockname()[1], flush=True)


async def until_end():
    await controller.loop.run_in_executor(None, sys.stdin.read)

controller.loop.run_until_complete(until_end())
