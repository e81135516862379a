// The error codes: each in one condition, each with words of its own.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>
#include <websocket/error.hpp>

using namespace websocket;

namespace {

const std::vector<std::pair<Condition, std::vector<Errc>>> families = {
    {Condition::invalid_argument,
     {Errc::invalid_url, Errc::unsupported_scheme, Errc::url_has_fragment, Errc::invalid_header,
      Errc::invalid_subprotocol, Errc::invalid_option, Errc::invalid_utf8_sent,
      Errc::control_too_long_sent}},
    {Condition::address,
     {Errc::host_not_found, Errc::resolve_failed, Errc::network_unreachable, Errc::connect_failed}},
    {Condition::refused, {Errc::connection_refused}},
    {Condition::proxy, {Errc::proxy_failed}},
    {Condition::tls,
     {Errc::tls_ca_unreadable, Errc::tls_client_certificate, Errc::tls_option,
      Errc::tls_handshake_failed, Errc::certificate_expired, Errc::certificate_not_yet_valid,
      Errc::certificate_self_signed, Errc::certificate_unknown_issuer, Errc::certificate_wrong_host,
      Errc::certificate_not_pinned, Errc::certificate_invalid}},
    {Condition::handshake_failed,
     {Errc::bad_status, Errc::invalid_response, Errc::response_too_large, Errc::invalid_upgrade,
      Errc::invalid_connection, Errc::invalid_accept, Errc::unexpected_subprotocol,
      Errc::unexpected_extension, Errc::handshake_closed}},
    {Condition::timeout,
     {Errc::connect_timeout, Errc::ping_timeout, Errc::receive_timeout, Errc::send_timeout}},
    {Condition::protocol_violation,
     {Errc::reserved_bits, Errc::reserved_opcode, Errc::masked_frame, Errc::unmasked_frame,
      Errc::fragmented_control, Errc::control_too_long, Errc::length_not_minimal,
      Errc::length_out_of_range, Errc::unexpected_continuation, Errc::interrupted_message,
      Errc::invalid_close_payload, Errc::invalid_close_code}},
    {Condition::payload_invalid, {Errc::invalid_utf8, Errc::invalid_deflate_data}},
    {Condition::too_big, {Errc::message_too_big, Errc::too_many_fragments}},
    {Condition::closed, {Errc::connection_lost, Errc::not_connected}},
    {Condition::callback_threw, {Errc::callback_threw}}};

}  // namespace

TEST_SUITE("errors") {
  TEST_CASE("every code belongs to one condition and to no other") {
    for (const auto& [condition, codes] : families) {
      for (const Errc code : codes) {
        CAPTURE(make_error_code(code).message());
        for (const auto& [other, others] : families) {
          CHECK((make_error_code(code) == other) == (condition == other));
        }
      }
    }
  }

  TEST_CASE("every code has words that no other has") {
    std::set<std::string> words;
    for (const auto& [condition, codes] : families) {
      for (const Errc code : codes) {
        const std::string message = make_error_code(code).message();
        CHECK_FALSE(message.empty());
        CHECK(message.find("unknown") == std::string::npos);
        CHECK_MESSAGE(words.insert(message).second, message);
      }
      CHECK_FALSE(make_error_condition(condition).message().empty());
    }
  }

  TEST_CASE("no code means success") {
    for (const auto& [condition, codes] : families) {
      for (const Errc code : codes) CHECK(std::error_code(code));
    }
    CHECK_FALSE(std::error_code() == Condition::invalid_argument);
  }

  TEST_CASE("the categories have their names") {
    CHECK(std::string(error_category().name()) == "websocket");
    CHECK(std::string(condition_category().name()) == "websocket.condition");
    CHECK(make_error_code(Errc::bad_status).category() == error_category());
    CHECK(make_error_condition(Condition::tls).category() == condition_category());
  }

  TEST_CASE("a code of another category is in none of the conditions") {
    const std::error_code foreign(static_cast<int>(Errc::bad_status), std::generic_category());
    CHECK_FALSE(foreign == Condition::handshake_failed);
    CHECK_FALSE(foreign == Errc::bad_status);
  }

  TEST_CASE("codes compare with std::errc where one says the same") {
    CHECK(make_error_code(Errc::connection_refused) == std::errc::connection_refused);
    CHECK(make_error_code(Errc::network_unreachable) == std::errc::network_unreachable);
    CHECK(make_error_code(Errc::not_connected) == std::errc::not_connected);
    for (const Errc code :
         {Errc::connect_timeout, Errc::ping_timeout, Errc::receive_timeout, Errc::send_timeout}) {
      CHECK(make_error_code(code) == std::errc::timed_out);
    }
    CHECK_FALSE(make_error_code(Errc::bad_status) == std::errc::connection_refused);
  }
}
