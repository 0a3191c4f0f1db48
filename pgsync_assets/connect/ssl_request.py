"""The one question that every PostgreSQL, and every pooler, answers before anybody logs in.

SSLRequest of the protocol (PostgreSQL documentation, "Message Formats"): the answer is one byte,
`S` for TLS or `N`. Nothing else is sent, and the server logs nothing of it.
"""

import struct

SSL_REQUEST = struct.pack("!ii", 8, 80877103)
