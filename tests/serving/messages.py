"""Requests as clients write them."""

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = GET.replace(b"GET", b"POST", 1)[:-2]
LAST = GET[:-2] + b"Connection: close\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
