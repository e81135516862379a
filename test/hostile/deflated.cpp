// DEFLATE by hand: one block whose Huffman codes are made for a row of zeros.
#include "hostile/deflated.hpp"

#include <websocket/websocket.hpp>

#include "hostile/visit.hpp"
#include "support/event.hpp"
#include "support/raw_server.hpp"
#include "support/tally.hpp"

namespace hostile {
namespace {

// RFC 1951 3.1.1: bits from the least significant one; Huffman codes from their most significant
// one.
class Bits {
 public:
  void number(unsigned value, unsigned count) {
    for (unsigned i = 0; i < count; ++i) bit((value >> i) & 1U);
  }
  void code(std::string_view digits) {
    for (const char digit : digits) bit(digit == '1' ? 1 : 0);
  }
  // As many zero bits, fast.
  void zeros(std::size_t count) {
    for (; count > 0 && used_ % 8 != 0; --count) bit(0);
    bytes_.append(count / 8, '\0');
    for (count %= 8; count > 0; --count) bit(0);
  }
  std::string take() { return std::move(bytes_); }

 private:
  void bit(unsigned value) {
    if (used_ % 8 == 0) bytes_ += '\0';
    const auto last = static_cast<unsigned char>(bytes_.back());
    bytes_.back() = static_cast<char>(static_cast<unsigned char>(last | (value << (used_ % 8))));
    ++used_;
  }

  std::string bytes_;
  unsigned used_ = 0;
};

// RFC 1951 3.2.7. The lengths of codes are coded themselves: 18 (a run of zeros) as 0, 1 as 10, 2 as
// 11. They say: literal 0 has two bits, end of block two, length 258 one, distance 1 one.
void begin_block(Bits& bits) {
  constexpr unsigned order_of_lengths[] = {0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2};
  bits.number(0, 1);  // not the final block
  bits.number(2, 2);  // with codes of its own
  bits.number(286 - 257, 5);
  bits.number(1 - 1, 5);
  bits.number(18 - 4, 4);
  for (const unsigned length : order_of_lengths) bits.number(length, 3);
  const auto run_of_zeros = [&](unsigned length) {
    bits.code("0");
    bits.number(length - 11, 7);
  };
  bits.code("11");  // literal 0
  run_of_zeros(138);
  run_of_zeros(117);
  bits.code("11");  // 256, end of block
  run_of_zeros(28);
  bits.code("10");  // 285, length 258
  bits.code("10");  // distance 1
}

bool offers_deflate() {
  support::Mailbox<std::string> requests;
  const support::RawServer server(
      [&](support::RawConnection& connection) { requests.push(connection.accept_handshake()); });
  websocket::WebSocketApp app(server.url(), quick());
  app.run_forever();
  const auto request = requests.pop();
  return request &&
         support::header_value(*request, "Sec-WebSocket-Extensions").find("permessage-deflate") !=
             std::string::npos;
}

}  // namespace

std::string deflate_line(std::string_view parameters) {
  return "Sec-WebSocket-Extensions: permessage-deflate" + std::string(parameters) + "\r\n";
}

std::string compressed_frame(bool fin, std::uint8_t opcode, std::string_view payload) {
  return support::server_frame(fin, opcode | 0x40U, payload);
}

std::string bomb(std::size_t matches) {
  Bits bits;
  begin_block(bits);
  bits.code("10");          // literal 0
  bits.zeros(2 * matches);  // length 258, distance 1
  bits.code("11");          // end of block
  // RFC 7692 7.2.1: an empty block without compression ends a message, and its last four bytes are
  // left out.
  bits.number(0, 3);
  return bits.take();
}

bool skip_without_deflate() {
  static const bool offered = offers_deflate();
  if (!offered) support::skip("the library was built without permessage-deflate");
  return !offered;
}

}  // namespace hostile
