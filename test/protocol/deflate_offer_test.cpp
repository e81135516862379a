// Agreeing on permessage-deflate: what is offered, and which answers fit.
#include "protocol/deflate_offer.hpp"

#include <doctest/doctest.h>

#include <string>
#include <variant>

using namespace websocket;
using protocol::agree_on_deflate;
using protocol::check_compression;
using protocol::DeflateAgreement;
using protocol::offer_deflate;

namespace {

base::Outcome<DeflateAgreement> answered(const std::string& answer,
                                         const CompressionOptions& offered = {}) {
  auto extensions =
      protocol::read_extensions({{"Sec-WebSocket-Extensions", "permessage-deflate" + answer}});
  REQUIRE(std::holds_alternative<std::vector<protocol::Extension>>(extensions));
  return agree_on_deflate(std::get<0>(extensions).at(0), offered);
}

DeflateAgreement agreed(const std::string& answer, const CompressionOptions& offered = {}) {
  const auto outcome = answered(answer, offered);
  REQUIRE(std::holds_alternative<DeflateAgreement>(outcome));
  return std::get<DeflateAgreement>(outcome);
}

void refused(const std::string& answer, const std::string& word,
             const CompressionOptions& offered = {}) {
  CAPTURE(answer);
  const auto outcome = answered(answer, offered);
  REQUIRE(std::holds_alternative<base::Failure>(outcome));
  const auto& failure = std::get<base::Failure>(outcome);
  CHECK(failure.code == Errc::unexpected_extension);
  CHECK_MESSAGE(failure.message.find(word) != std::string::npos, failure.message);
}

CompressionOptions with(void (*change)(CompressionOptions&)) {
  CompressionOptions options;
  change(options);
  return options;
}

}  // namespace

TEST_SUITE("RFC 7692 7.1: the offer") {
  TEST_CASE("by default everything the server may choose is offered") {
    CHECK(offer_deflate({}) == "permessage-deflate; client_max_window_bits");
  }

  TEST_CASE("each option has its parameter") {
    CHECK(offer_deflate(with([](auto& o) { o.server_no_context_takeover = true; })) ==
          "permessage-deflate; server_no_context_takeover; client_max_window_bits");
    CHECK(offer_deflate(with([](auto& o) { o.client_no_context_takeover = true; })) ==
          "permessage-deflate; client_no_context_takeover; client_max_window_bits");
    CHECK(offer_deflate(with([](auto& o) { o.server_max_window_bits = 8; })) ==
          "permessage-deflate; server_max_window_bits=8; client_max_window_bits");
    CHECK(offer_deflate(with([](auto& o) { o.client_max_window_bits = 14; })) ==
          "permessage-deflate; client_max_window_bits=14");
  }

  TEST_CASE("an option out of its range is refused by name") {
    struct Row {
      CompressionOptions options;
      const char* name;
    };
    const Row rows[] = {
        {with([](auto& o) { o.client_max_window_bits = 7; }), "client_max_window_bits"},
        {with([](auto& o) { o.client_max_window_bits = 16; }), "client_max_window_bits"},
        {with([](auto& o) { o.server_max_window_bits = 0; }), "server_max_window_bits"},
        {with([](auto& o) { o.server_max_window_bits = -15; }), "server_max_window_bits"},
        {with([](auto& o) { o.level = -1; }), "level"},
        {with([](auto& o) { o.level = 10; }), "level"}};
    for (const Row& row : rows) {
      const auto failure = check_compression(row.options);
      REQUIRE(failure);
      CHECK(failure->code == Errc::invalid_option);
      CHECK_MESSAGE(failure->message.find(row.name) != std::string::npos, failure->message);
    }
    CHECK_FALSE(check_compression({}));
    CHECK_FALSE(
        check_compression(with([](auto& o) { o.level = 0, o.client_max_window_bits = 8; })));
  }
}

TEST_SUITE("RFC 7692 7.1: the answer") {
  TEST_CASE("without parameters everything is as large as it may be") {
    const auto agreement = agreed("");
    CHECK_FALSE(agreement.client.no_context_takeover);
    CHECK_FALSE(agreement.server.no_context_takeover);
    CHECK(agreement.client.max_window_bits == 15);
    CHECK(agreement.server.max_window_bits == 15);
    CHECK(agreement.level == 6);
    CHECK(agreement.threshold == 256);
  }

  TEST_CASE("each parameter is taken, also where the server adds it by itself") {
    CHECK(agreed("; server_no_context_takeover").server.no_context_takeover);
    CHECK(agreed("; client_no_context_takeover").client.no_context_takeover);
    for (int bits = 8; bits <= 15; ++bits) {
      CHECK(agreed("; server_max_window_bits=" + std::to_string(bits)).server.max_window_bits ==
            bits);
      CHECK(agreed("; client_max_window_bits=" + std::to_string(bits)).client.max_window_bits ==
            bits);
    }
    const auto all = agreed(
        "; client_max_window_bits=\"10\"; server_no_context_takeover; server_max_window_bits=9;"
        "client_no_context_takeover");
    CHECK(all.client.max_window_bits == 10);
    CHECK(all.server.max_window_bits == 9);
    CHECK(all.client.no_context_takeover);
    CHECK(all.server.no_context_takeover);
  }

  TEST_CASE("what is out of range, or has a value where none belongs, is refused") {
    for (const char* name : {"server_max_window_bits", "client_max_window_bits"}) {
      for (const char* value : {"", "=0", "=7", "=16", "=99", "=015", "=08", "=-9", "=+9", "=9x",
                                "=4294967305", "=18446744073709551625", "=\"016\""}) {
        refused(std::string("; ") + name + value, "8 to 15");
      }
    }
    for (const char* name : {"server_no_context_takeover", "client_no_context_takeover"}) {
      refused(std::string("; ") + name + "=1", "value");
      refused(std::string("; ") + name + "=true", "value");
    }
  }

  TEST_CASE("a parameter twice, or one that is not defined, is refused") {
    for (const char* parameter : {"server_no_context_takeover", "client_no_context_takeover",
                                  "server_max_window_bits=10", "client_max_window_bits=10"}) {
      const std::string once = std::string("; ") + parameter;
      refused(once + once, "twice");
    }
    refused("; x", "not defined");
    refused("; Server_max_window_bits=10", "not defined");
    refused("; server_max_window_bits=10; mux=1", "not defined");
  }

  TEST_CASE("what was asked of the server and is left out is refused") {
    const auto no_context = with([](auto& o) { o.server_no_context_takeover = true; });
    refused("", "server_no_context_takeover", no_context);
    CHECK(agreed("; server_no_context_takeover", no_context).server.no_context_takeover);

    const auto small_window = with([](auto& o) { o.server_max_window_bits = 10; });
    refused("", "server_max_window_bits=10", small_window);
    refused("; server_max_window_bits=11", "server_max_window_bits=10", small_window);
    CHECK(agreed("; server_max_window_bits=10", small_window).server.max_window_bits == 10);
    CHECK(agreed("; server_max_window_bits=9", small_window).server.max_window_bits == 9);
  }

  TEST_CASE("what we said of ourselves holds, whatever the server answers") {
    const auto offered = with([](auto& o) {
      o.client_no_context_takeover = true;
      o.client_max_window_bits = 10;
    });
    CHECK(agreed("", offered).client.no_context_takeover);
    CHECK(agreed("", offered).client.max_window_bits == 10);
    CHECK(agreed("; client_max_window_bits=12", offered).client.max_window_bits == 10);
    CHECK(agreed("; client_max_window_bits=9", offered).client.max_window_bits == 9);
  }
}
