#!/usr/bin/env python3
# Writes the seeds of the fuzzers' corpus, each named for what it is: what the RFCs allow, and what they
# forbid. What fuzzing adds to a corpus has a name of hexadecimal digits; this leaves it alone.
#
#   test/fuzz/make_seeds.py        writes to test/fuzz/corpus
import pathlib
import struct
import zlib

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def write(target, name, content):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


# ---- URLs

URLS = {
    "plain": "ws://example.com/",
    "without_path": "wss://example.com",
    "port_path_query": "ws://example.com:8080/chat?room=1&x=%20y",
    "query_without_path": "ws://example.com?x",
    "empty_port": "ws://example.com:/x",
    "highest_port": "ws://h:65535/",
    "port_0": "ws://h:0/",
    "port_too_high": "ws://h:65536/",
    "port_with_zeros": "ws://h:00080/",
    "upper_case": "WSS://EXAMPLE.Com/Path",
    "user_info": "wss://user:pa%40ss@example.com/x",
    "user_alone": "ws://user@h/",
    "at_in_password": "ws://u:p@q@h/",
    "control_in_user_info": "ws://u%0a:p@h/",
    "ipv4": "ws://127.0.0.1:9001/",
    "ipv6": "ws://[::1]:9001/x",
    "ipv6_long": "ws://[2001:db8:0:0:1:2:3:4]/",
    "ipv6_with_ipv4": "ws://[::ffff:192.0.2.1]/",
    "ipv6_zone": "ws://[fe80::1%25eth0]/",
    "ipv6_without_brackets": "ws://::1/",
    "ipv6_unclosed": "ws://[::1/",
    "fragment": "ws://h/x#y",
    "fragment_encoded": "ws://h/x%23y",
    "to_be_encoded": 'ws://h/<a>"b"\\^`{|}',
    "non_ascii_path": "ws://h/\u00fc",
    "non_ascii_host": "ws://b\u00fccher.example/",
    "space": "ws://h/a b",
    "line_break": "ws://h/a\r\nX: y",
    "backslash": "ws://h\\@g/",
    "http": "http://example.com/",
    "no_scheme": "example.com:80/x?u=http://y",
    "long_host": "ws://" + "a" * 254 + "/",
    "empty_host": "ws://:80/",
}

# ---- answers to the opening handshake

ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
UPGRADE = ["Upgrade: websocket", "Connection: Upgrade"]


def answer(*fields, status="HTTP/1.1 101 Switching Protocols", end="\r\n"):
    return (end.join([status, *fields]) + end + end).encode("latin-1")


def asked(content, flags=0, budget=0, cuts=b"\x07"):
    return bytes([flags, budget]) + cuts + content


DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
GOOD = answer(*UPGRADE, ACCEPT)
ANSWERS = {
    "good": asked(GOOD),
    "good_with_frames": asked(GOOD + b"\x81\x05hello\x88\x00"),
    "line_feeds_alone": asked(answer(*UPGRADE, ACCEPT, end="\n")),
    "connection_in_a_list": asked(answer("upgrade: WebSocket", "connection: keep-alive, UPGRADE", ACCEPT)),
    "upgrade_in_a_list": asked(answer("Upgrade: foo, websocket", "Connection: Upgrade", ACCEPT)),
    "upgrade_twice": asked(answer("Upgrade: websocket", *UPGRADE, ACCEPT)),
    "extensions_empty": asked(answer(*UPGRADE, ACCEPT, "Sec-WebSocket-Extensions: ,"), flags=8),
    "subprotocol": asked(answer(*UPGRADE, ACCEPT, "Sec-WebSocket-Protocol: chat"), flags=1),
    "subprotocol_not_offered": asked(answer(*UPGRADE, ACCEPT, "Sec-WebSocket-Protocol: soap"), flags=1),
    "subprotocol_twice": asked(answer(*UPGRADE, ACCEPT, *["Sec-WebSocket-Protocol: chat"] * 2), flags=1),
    "accept_twice": asked(answer(*UPGRADE, ACCEPT, ACCEPT)),
    "accept_missing": asked(answer(*UPGRADE)),
    "accept_wrong": asked(answer(*UPGRADE, "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
    "upgrade_missing": asked(answer("Connection: Upgrade", ACCEPT)),
    "connection_missing": asked(answer("Upgrade: websocket", ACCEPT)),
    "http_1_0": asked(answer(*UPGRADE, ACCEPT, status="HTTP/1.0 101 x")),
    "interim": asked(answer(status="HTTP/1.1 100 Continue") + answer("Link: x", status="HTTP/1.1 103 Hints") + GOOD),
    "interim_over_the_budget": asked(answer(status="HTTP/1.1 100 Continue") * 9 + GOOD, budget=8),
    "head_over_the_budget": asked(GOOD, budget=2),
    "extension_not_offered": asked(answer(*UPGRADE, ACCEPT, DEFLATE)),
    "deflate": asked(answer(*UPGRADE, ACCEPT, DEFLATE), flags=8),
    "deflate_parameters": asked(
        answer(*UPGRADE, ACCEPT, DEFLATE + "; server_no_context_takeover; client_max_window_bits=9"), flags=24),
    "deflate_window": asked(answer(*UPGRADE, ACCEPT, DEFLATE + '; server_max_window_bits="10"'), flags=0xA8),
    "deflate_window_too_big": asked(answer(*UPGRADE, ACCEPT, DEFLATE + "; server_max_window_bits=11"), flags=0xA8),
    "deflate_twice": asked(answer(*UPGRADE, ACCEPT, DEFLATE, DEFLATE), flags=8),
    "refused_with_length": asked(
        answer("Content-Length: 9", status="HTTP/1.1 403 Forbidden") + b"not today" + b"more"),
    "refused_chunked": asked(
        answer("Transfer-Encoding: chunked", status="HTTP/1.1 503 Busy") + b"4\r\nlate\r\n2;x=y\r\nr.\r\n0\r\n\r\n"),
    "refused_until_the_end": asked(answer(status="HTTP/1.1 500 Oops") + b"words", flags=2),
    "refused_without_patience": asked(answer("Content-Length: 99", status="HTTP/1.1 401 No") + b"wait", flags=4),
    "refused_without_content": asked(answer("Content-Length: 99", status="HTTP/1.1 204 None") + b"wait"),
    "closed_within_the_head": asked(b"HTTP/1.1 101 Swi", flags=2),
    "closed_at_once": asked(b"", flags=2),
    "folded": asked(answer(*UPGRADE, ACCEPT, "X: a", " b", "\t")),
    "folded_accept": asked(answer(*UPGRADE, "Sec-WebSocket-Accept:", "  s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ")),
    "folded_before_the_first_field": asked(answer(" X: a", *UPGRADE, ACCEPT)),
    "space_before_colon": asked(answer(*UPGRADE, ACCEPT, "X : a")),
    "no_colon": asked(answer(*UPGRADE, ACCEPT, "X")),
    "control_character": asked(answer(*UPGRADE, ACCEPT, "X: a\0b")),
    "another_protocol": asked(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "tls": asked(b"\x15\x03\x01\x00\x02\x02\x46"),
    "status_line_without_reason": asked(answer(*UPGRADE, ACCEPT, status="HTTP/1.1 101")),
    "status_of_two_digits": asked(answer(*UPGRADE, ACCEPT, status="HTTP/1.1 99 x")),
}

# ---- lists: 0 a list, 1 a head, 2 a request's head, 3 a request, 4 extensions

LISTS = {
    "list": b"\0\0keep-alive, Upgrade",
    "list_with_empty_elements": b"\0\0,, a ,\t,b,",
    "list_of_white_space": b"\0\0 \t ",
    "head": b"\1\x03" + GOOD,
    "head_over_the_budget": b"\x85\x03" + GOOD,
    "request_head": b"\2\x03GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "request_behind_empty_lines": b"\2\x03\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "request_head_folded": b"\2\x03GET / HTTP/1.1\r\nHost: h\r\n x\r\n\r\n",
    "request": b"\3\x03GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "request_of_another_version": b"\3\x03GET /x HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n",
}
EXTENSIONS = {
    "name": "permessage-deflate",
    "all_parameters": "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
    "server_max_window_bits=8; client_max_window_bits=15",
    "white_space": " permessage-deflate\t;  server_max_window_bits =  10 ",
    "quoted": 'permessage-deflate; server_max_window_bits="12"',
    "quoted_escaped": 'permessage-deflate; server_max_window_bits="1\\2"',
    "quoted_comma": 'x; y="a,b", permessage-deflate',
    "quoted_open": 'x; y="a',
    "two": "permessage-deflate, x-other; a=b",
    "two_fields": "permessage-deflate\nx-other; a=b",
    "empty_elements": ", ,permessage-deflate, ",
    "nothing": "",
    "commas_alone": " , ,",
    "bits_7": "permessage-deflate; server_max_window_bits=7",
    "bits_16": "permessage-deflate; server_max_window_bits=16",
    "bits_with_zero": "permessage-deflate; server_max_window_bits=08",
    "bits_empty": "permessage-deflate; server_max_window_bits=",
    "bits_without_value": "permessage-deflate; client_max_window_bits",
    "bits_signed": "permessage-deflate; client_max_window_bits=+9",
    "parameter_twice": "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    "value_where_none_belongs": "permessage-deflate; client_no_context_takeover=true",
    "unknown_parameter": "permessage-deflate; x=1",
    "no_name": ";x",
    "not_a_token": "per(message",
}

# ---- frames

FULL = b"\x00\xff\xff"  # default limits, fragments not wanted
FRAGMENTS = b"\x01\xff\xff"


def frame(start, payload=b"", form=0, announced=None, mask=False):
    size = len(payload) if announced is None else announced
    mask_bit = 0x80 if mask else 0
    if form == 0:
        form = 7 if size < 126 else 16 if size < 65536 else 64
    length = {7: lambda: bytes([mask_bit | size]), 16: lambda: bytes([mask_bit | 126]) + struct.pack(">H", size),
              64: lambda: bytes([mask_bit | 127]) + struct.pack(">Q", size)}[form]()
    key = b"\x01\x02\x03\x04" if mask else b""
    return bytes([start]) + length + key + payload


def close(code, reason=b""):
    return frame(0x88, struct.pack(">H", code) + reason)


FRAMES = {
    "5_6_text": frame(0x81, b"hello") + close(1000),
    "5_6_binary": frame(0x82, bytes(range(16))) + close(1001, b"bye"),
    "5_6_empty": frame(0x81) + frame(0x82),
    "5_4_fragments": frame(0x01, b"Hel") + frame(0x00, b"l") + frame(0x80, b"o"),
    "5_4_fragments_around_ping": frame(0x01, b"Hel") + frame(0x89, b"p") + frame(0x80, b"lo"),
    "5_4_empty_fragments": frame(0x02) + frame(0x00) + frame(0x80),
    "5_4_continuation_of_nothing": frame(0x80, b"x"),
    "5_4_interrupted": frame(0x01, b"x") + frame(0x82, b"y"),
    "5_2_rsv1": frame(0xC1, b"x"),
    "5_2_rsv2": frame(0xA1, b"x"),
    "5_2_rsv3_of_ping": frame(0x99),
    "5_2_opcode_3": frame(0x83),
    "5_2_opcode_b": frame(0x8B),
    "5_2_length_125": frame(0x82, b"x" * 125),
    "5_2_length_126": frame(0x82, b"x" * 126),
    "5_2_length_126_in_64_bits": frame(0x82, b"x" * 126, form=64),
    "5_2_length_3_in_16_bits": frame(0x82, b"xyz", form=16),
    "5_2_length_2_to_the_63": frame(0x82, form=64, announced=1 << 63),
    "5_2_length_all_ones": frame(0x82, form=64, announced=(1 << 64) - 1),
    "5_2_promised": frame(0x82, b"few", form=64, announced=1 << 20),
    "5_2_cut_in_the_length": frame(0x82, b"x" * 126)[:3],
    "5_1_masked": frame(0x81, b"hello", mask=True),
    "5_5_ping_pong": frame(0x89, b"ping") + frame(0x8A, b"pong") + frame(0x89, b"p" * 125),
    "5_5_two_pings": frame(0x89, b"1") + frame(0x89, b"2") + frame(0x89, b"3") + close(1000),
    "5_5_fragmented_ping": frame(0x09, b"x"),
    "5_5_long_ping": frame(0x89, b"x" * 126),
    "5_5_1_close_empty": frame(0x88) + frame(0x81, b"late"),
    "5_5_1_close_of_one_byte": frame(0x88, b"\x03"),
    "5_5_1_reason_not_utf_8": close(1000, b"\xff"),
    "5_5_1_reason_cut_off": close(1000, b"\xe2\x82"),
    "7_4_code_999": close(999),
    "7_4_code_1005": close(1005),
    "7_4_code_1006": close(1006),
    "7_4_code_1015": close(1015),
    "7_4_code_1016": close(1016),
    "7_4_code_3000": close(3000),
    "7_4_code_5000": close(5000),
    "8_1_utf_8": frame(0x81, "κόσμε \u0080\u07ff\u0800\uffff\U00010000\U0010ffff".encode()),
    "8_1_character_over_fragments": frame(0x01, b"\xf0\x9f") + frame(0x00, b"\x98") + frame(0x80, b"\x80"),
    "8_1_cut_off": frame(0x81, b"\xe2\x82"),
    "8_1_cut_off_in_the_last_fragment": frame(0x01, b"\xe2") + frame(0x80),
    "8_1_too_long_form": frame(0x81, b"\xc0\xaf"),
    "8_1_surrogate": frame(0x81, b"\xed\xa0\x80"),
    "8_1_beyond_unicode": frame(0x81, b"\xf4\x90\x80\x80"),
    **{
        f"8_1_sequence_{name}": frame(0x81, b"a" + bytes.fromhex(name) + b"a")
        for name in ("80", "bf", "c080", "c1bf", "c280", "dfbf", "e08080", "e09fbf", "e0a080", "ed9fbf", "eda080",
                     "edbfbf", "ee8080", "efbfbf", "f0808080", "f08fbfbf", "f0908080", "f48fbfbf", "f4908080",
                     "f5808080", "f888808080", "fe", "ff")
    },
    "8_1_bad_within_a_promise": frame(0x81, b"ok\xff", announced=100),
}

# ---- sessions: as session.hpp has them


def described(start, kind="literal", size=0, literal=b"", form=0, masked=False, longer=False, lie=0):
    number = ["literal", "ascii", "characters", "cut_off", "noise", "close"].index(kind)
    made = bytes([start, form | number << 2 | longer << 5 | masked << 6]) + struct.pack("<H", size)
    if form == 3:
        made += struct.pack("<Q", lie)
    if kind in ("literal", "close"):
        made += bytes([len(literal)]) + literal
    return made


def session(*frames, flags=0, root=255, fragments=255, way=0, pieces=0, close_at=0, missing=0):
    return bytes([flags, root, fragments, way, pieces, close_at, missing]) + b"".join(frames)


HELLO = described(0x81, literal=b"hello")
BYE = described(0x88, "close", 1000, b"bye")
PARTS = [described(0x01, "characters", 40), described(0x89, literal=b"p"), described(0x00, "characters", 9),
         described(0x80, "ascii", 5)]
SESSIONS = {
    "valid": session(HELLO, described(0x82, "noise", 200), BYE),
    "fragments": session(*PARTS, BYE, pieces=3),
    "fragments_wanted": session(*PARTS, BYE, flags=1, pieces=1),
    "behind_the_handshake": session(HELLO, *PARTS, BYE, way=1, pieces=7),
    "stuck_socket": session(*[described(0x89, literal=bytes([48 + i])) for i in range(6)], HELLO, BYE, way=2),
    "flood_of_pings": session(*[described(0x89, "noise", 125 - i) for i in range(60)], way=2),
    "flood_of_pings_and_close": session(*[described(0x89, "noise", 125 - i) for i in range(60)], BYE, way=2),
    "we_close_first": session(HELLO, described(0x89, literal=b"p"), HELLO, BYE, close_at=2),
    "we_close_within_a_message": session(*PARTS, BYE, close_at=3),
    "nonsense_behind_our_close": session(HELLO, described(0x83), BYE, close_at=2),
    "over_the_limit": session(described(0x82, "noise", 145), root=12),
    "at_the_limit": session(described(0x02, "noise", 100), described(0x80, "noise", 44), HELLO, root=12),
    "too_many_fragments": session(*PARTS, fragments=2),
    "as_many_fragments_as_may_be": session(*PARTS, BYE, fragments=3),
    "long": session(described(0x82, "noise", 400, longer=True), HELLO, BYE),
    "long_text_cut_off": session(described(0x81, "cut_off", 20000)),
    "long_fragments": session(described(0x01, "characters", 30000), described(0x80, "characters", 40000), HELLO),
    "lengths": session(*[described(0x82, "ascii", size) for size in (0, 125, 126, 127)], BYE),
    "length_not_minimal": session(HELLO, described(0x82, "ascii", 5, form=1)),
    "length_a_lie": session(HELLO, described(0x82, "ascii", 5, form=3, lie=1 << 63)),
    "masked": session(HELLO, described(0x81, literal=b"x", masked=True)),
    "stream_ends_within_a_frame": session(HELLO, described(0x82, "ascii", 50), missing=7),
    "utf_8_not_checked": session(described(0x81, "cut_off", 21), BYE, flags=2),
    "close_code_1005": session(described(0x88, "close", 1005)),
    "close_reason_not_utf_8": session(described(0x88, "close", 1000, b"\xc3")),
    "talk_behind_close": session(BYE, HELLO),
}

# ---- compressed: as compressed_session.hpp has them


def message(filling="literal", size=0, literal=b"", text=False, compressed=True, ending=0, parts=1, pinged=False,
            refused=False, level=6, strategy=0):
    number = ["literal", "ascii", "characters", "noise", "run", "echo", "foreign"].index(filling)
    made = bytes([text | (not compressed) << 1 | ending << 2 | (parts - 1) << 4 | pinged << 6 | refused << 7,
                  level | strategy << 4, number]) + struct.pack("<H", size)
    return made + (bytes([len(literal)]) + literal if filling in ("literal", "foreign") else b"")


def compressed(*messages, flags=0, root=255, fragments=255, server=15, server_forgets=False, client=15,
               client_forgets=False, threshold=0, way=6, cuts=b"\x05", damages=()):
    head = bytes([flags, root, fragments, 15 - server | server_forgets << 3, 15 - client | client_forgets << 3,
                  threshold, way]) + cuts + bytes([len(damages)])
    return head + b"".join(struct.pack("<HB", at, by) for at, by in damages) + b"".join(messages)


WORDS = message(literal=b"Hello, Hello, Hello", text=True)
ECHO = message("echo", 19, text=True)
RAW = zlib.compressobj(9, zlib.DEFLATED, -15)
OFFENCE = RAW.compress(b"\xff" * 50) + RAW.flush(zlib.Z_SYNC_FLUSH)[:-4]
LOOKS_BACK = b"\x02\x12\x00\x00"  # a match of 3 bytes, 5 bytes back
COMPRESSED = {
    "hello": compressed(WORDS, WORDS),
    "context": compressed(WORDS, ECHO, ECHO, way=0x26),
    "no_context": compressed(WORDS, ECHO, server_forgets=True, client_forgets=True, way=0x26),
    "behind_the_handshake": compressed(WORDS, ECHO, way=0x16),
    "empty": compressed(message(), message(compressed=False), message(parts=3)),
    "fragments": compressed(message("characters", 300, text=True, parts=4, pinged=True), ECHO),
    "fragments_wanted": compressed(message("characters", 300, text=True, parts=3), ECHO, flags=1),
    "windows_of_8": compressed(message("ascii", 900), message("echo", 600), server=8, client=8),
    "windows_of_10": compressed(message("ascii", 1500), message("echo", 1500), server=10, client=10),
    "final_block": compressed(message("ascii", 90, ending=1), message("echo", 90, ending=1), ECHO),
    "flushed_within": compressed(message("ascii", 90, ending=2), message("echo", 90)),
    "stored": compressed(message("noise", 2000, ending=3), ECHO),
    "refused_between": compressed(WORDS, message(literal=b"Hello, you", refused=True), WORDS, ECHO),
    "refused_first": compressed(message("ascii", 90, refused=True), message("echo", 90), message("echo", 90)),
    "uncompressed_between": compressed(WORDS, message(literal=b"plain", compressed=False), ECHO),
    "strategies": compressed(*[message("ascii", 200 + i, strategy=i, level=i * 2) for i in range(5)]),
    "run": compressed(message("run", 8000)),
    "run_over_the_limit": compressed(message("run", 8000), root=90),
    "run_over_the_limit_in_fragments": compressed(message("run", 8000, parts=4), root=90, flags=1),
    "at_the_limit": compressed(message("run", 1250), root=100),
    "threshold": compressed(WORDS, message(literal=b"x"), threshold=10),
    "damaged": compressed(WORDS, ECHO, damages=[(4, 0x55)]),
    "lost_byte": compressed(WORDS, ECHO, damages=[(6, 0)]),
    "rsv1_of_a_continuation": compressed(message("ascii", 10, parts=2, compressed=False), damages=[(7, 0x40)]),
    "foreign_not_utf_8": compressed(message("foreign", literal=OFFENCE, text=True)),
    "foreign_looks_back_too_far": compressed(message("foreign", literal=b"\x4a\x04\x21\x00")),
    "foreign_looks_back_at_the_message_before": compressed(WORDS, message("foreign", literal=LOOKS_BACK)),
    "foreign_looks_back_without_context": compressed(WORDS, message("foreign", literal=LOOKS_BACK), server_forgets=True),
    "foreign_reserved_block": compressed(message("foreign", literal=b"\x07")),
    "foreign_nothing": compressed(WORDS, message("foreign", literal=b"")),
    "foreign_final_stored_block": compressed(message("foreign", literal=b"\x01"), WORDS),
    "foreign_final_blocks": compressed(message("foreign", literal=b"\x03\x00" * 20 + b"\x00"), WORDS),
    "foreign_stored_block_over_the_tail": compressed(message("foreign", literal=b"\x00\x04\x00\xfb\xff")),
}


def main():
    for name, url in URLS.items():
        write("url", name, url.encode())
    for name, content in ANSWERS.items():
        write("handshake_answer", name, content)
    for name, content in LISTS.items():
        write("header_lists", name, content)
    for name, text in EXTENSIONS.items():
        write("header_lists", "extensions_" + name, b"\x04\x00" + text.encode())
    for name, stream in FRAMES.items():
        write("frames", "rfc6455_" + name, FULL + b"\x03" + stream)
    for name in ("5_4_fragments_around_ping", "8_1_character_over_fragments"):
        write("frames", "rfc6455_" + name + "_wanted", FRAGMENTS + b"\x03" + FRAMES[name])
    for name, content in SESSIONS.items():
        write("sessions", name, content)
    for name, content in COMPRESSED.items():
        write("deflate_frames", name, content)


main()
