"""mail_facts.py FILE [PUBLIC_KEY [KIND]]: parses a mail with Python's own parser and prints the result as
JSON. With a public key (base64; of RSA, unless KIND says ed25519) it also checks the DKIM signature with
dkimpy."""
import email
import email.policy
import hashlib
import json
import sys
from email.header import decode_header, make_header
from email.utils import getaddresses

raw = open(sys.argv[1], "rb").read()
message = email.message_from_bytes(raw, policy=email.policy.default)
# The newer policy keeps the spaces between the encoded words of a long name, contrary to RFC 2047,
# 6.2.
to = email.message_from_bytes(raw, policy=email.policy.compat32)["To"]


def part(each):
    text = each.get_content() if each.get_content_maintype() == "text" else None
    return {
        "type": each.get_content_type(),
        "id": each["Content-ID"] and str(each["Content-ID"]),
        "disposition": each.get_content_disposition(),
        "name": each.get_filename(),
        "text": text,
        "sha256": hashlib.sha256(each.get_payload(decode=True) or b"").hexdigest(),
        "size": len(each.get_payload(decode=True) or b""),
    }


def verified(key, kind="rsa"):
    import dkim

    record = f"v=DKIM1; k={kind}; p={key}".encode()
    return dkim.verify(raw, dnsfunc=lambda name, timeout=5: record)


facts = {
    "headers": {name.lower(): str(value) for name, value in message.items()},
    "counts": {name.lower(): len(message.get_all(name)) for name in message.keys()},
    "parts": [part(each) for each in message.walk() if not each.is_multipart()],
    "shape": [each.get_content_type() for each in message.walk()],
    "defects": [repr(defect) for each in message.walk() for defect in each.defects],
    "addresses": [(str(make_header(decode_header(name))), address) for name, address in getaddresses([to])],
    "ascii": raw.isascii(),
    "longest_line": max(len(line) for line in raw.split(b"\r\n")),
    "dkim": verified(*sys.argv[2:4]) if len(sys.argv) > 2 else None,
}
print(json.dumps(facts))
