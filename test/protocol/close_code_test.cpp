// Close codes and the payload of a Close frame.
#include "protocol/close_code.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <variant>

#include "protocol/wire.hpp"

using namespace websocket;
using namespace websocket::protocol;

namespace {

// api.md: "1000-1003, 1007-1014, 3000-4999", one by one where RFC 6455 7.4.1 and IANA's list have
// them.
bool is_in_the_registry(unsigned code) {
  switch (code) {
    case 1000:
    case 1001:
    case 1002:
    case 1003:
    case 1007:
    case 1008:
    case 1009:
    case 1010:
    case 1011:
    case 1012:
    case 1013:
    case 1014:
      return true;
    default:
      return code >= 3000 && code < 5000;
  }
}

Errc code_of(const base::Outcome<ClosePayload>& outcome) {
  REQUIRE(std::holds_alternative<base::Failure>(outcome));
  CHECK_FALSE(std::get<base::Failure>(outcome).message.empty());
  return std::get<base::Failure>(outcome).code;
}

ClosePayload payload_of(const base::Outcome<ClosePayload>& outcome) {
  REQUIRE(std::holds_alternative<ClosePayload>(outcome));
  return std::get<ClosePayload>(outcome);
}

}  // namespace

TEST_SUITE("RFC 6455 7.4: close codes") {
  TEST_CASE("all 65536 codes: which may be sent, and that the same are accepted") {
    unsigned wrong = 0;
    for (unsigned code = 0; code < 65536; ++code) {
      const bool valid = is_in_the_registry(code);
      if (may_be_sent(static_cast<std::uint16_t>(code)) != valid) ++wrong;
      const auto parsed = parse_close_payload(wire::close_payload(code, "why"));
      if (valid) {
        const auto* payload = std::get_if<ClosePayload>(&parsed);
        if (payload == nullptr || payload->code != code || payload->reason != "why") ++wrong;
      } else {
        const auto* failure = std::get_if<base::Failure>(&parsed);
        if (failure == nullptr || failure->code != Errc::invalid_close_code) ++wrong;
        if (failure != nullptr &&
            failure->message.find(std::to_string(code)) == std::string::npos) {
          ++wrong;
        }
      }
    }
    CHECK(wrong == 0);
  }

  TEST_CASE("what the peer did decides what it is told: 1002, 1007 or 1009") {
    for (const Errc code :
         {Errc::reserved_bits, Errc::reserved_opcode, Errc::masked_frame, Errc::unmasked_frame,
          Errc::fragmented_control, Errc::control_too_long, Errc::length_not_minimal,
          Errc::length_out_of_range, Errc::unexpected_continuation, Errc::interrupted_message,
          Errc::invalid_close_payload, Errc::invalid_close_code}) {
      CHECK(close_code_for(code) == CloseCode::protocol_error);
    }
    CHECK(close_code_for(Errc::invalid_utf8) == CloseCode::invalid_payload);
    CHECK(close_code_for(Errc::message_too_big) == CloseCode::too_big);
    CHECK(close_code_for(Errc::too_many_fragments) == CloseCode::too_big);
  }
}

TEST_SUITE("RFC 6455 5.5.1: the payload of a Close frame") {
  TEST_CASE("an empty one stands for 1005") {
    const ClosePayload payload = payload_of(parse_close_payload({}));
    CHECK(payload.code == 1005);
    CHECK(payload.reason.empty());
  }

  TEST_CASE("one byte is a violation") {
    CHECK(code_of(parse_close_payload("\x03")) == Errc::invalid_close_payload);
  }

  TEST_CASE("two bytes are a code without a reason") {
    const ClosePayload payload = payload_of(parse_close_payload("\x03\xe8"));
    CHECK(payload.code == 1000);
    CHECK(payload.reason.empty());
  }

  TEST_CASE("a reason may have every size up to 123 bytes") {
    for (std::size_t size = 0; size <= 123; ++size) {
      const std::string reason = wire::filling(size);
      const ClosePayload payload =
          payload_of(parse_close_payload(wire::close_payload(1001, reason)));
      CHECK(payload.code == 1001);
      CHECK(payload.reason == reason);
    }
  }

  TEST_CASE("a reason that is not UTF-8, or is cut within a character, is refused") {
    for (const std::string& reason :
         {std::string("\xff"), std::string("ok\xc3"), std::string("\xed\xa0\x80"),
          std::string(121, 'a') + "\xe2\x82", std::string("\xc0\xaf")}) {
      CHECK(code_of(parse_close_payload(wire::close_payload(1000, reason))) == Errc::invalid_utf8);
    }
    const std::string full = std::string(120, 'a') + "\xe2\x82\xac";
    CHECK(payload_of(parse_close_payload(wire::close_payload(1000, full))).reason == full);
  }

  TEST_CASE("what is made reads back as it was") {
    CHECK(make_close_payload(1005, {}).empty());
    CHECK(make_close_payload(1000, {}) == "\x03\xe8");
    CHECK(make_close_payload(4999, "bye") == wire::close_payload(4999, "bye"));
  }
}
