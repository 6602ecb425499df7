r"""PostgreSQL's protocol, 3.0 and 3.2, without I/O: bytes in, messages and rows out, from either side.

The rule: nothing here reads a socket or a clock, decides about data, or keeps more than it says. A side that breaks the protocol
is a `RemoteError`; bytes in it that are no rows, no copy or no value are `Undecodable`. Neither holds a byte of a payload.

    frames      a stream cut into messages; rows come in runs                      (hot: compiled where a compiler is there)
    kinds       each message's byte, sender and bound
    layout      the parts that messages are made of
    message, requests, replies    messages as values
    messages    one table, from which they are read and written
    peeking     one name or text out of a message, without the rest
    states      what may come when, and what it answers
    rows        columns out of DataRow messages and binary copies, and back        (hot)
    copies, csv_copies    the same of lines
    splitting, copying    copies out of messages that may cut them anywhere
    values      binary values to text and back: numbers, floats, moments, addresses, nested

>>> from ringfence.wire.postgres.frames import ClientFramer
>>> from ringfence.wire.postgres.messages import write
>>> from ringfence.wire.postgres.requests import StartupMessage, Sync
>>> framer = ClientFramer()
>>> [kind for kind, data, count in framer.feed(write(StartupMessage(196610, ((b"user", b"ada"),))) + write(Sync())[:3])]
[260]
>>> framer.held, framer.feed(write(Sync())[3:])
(3, [(83, b'S\x00\x00\x00\x04', 1)])
"""
