// What came of a play, held against its row: see play.hpp.
#include "conformance/play.hpp"

#include <algorithm>
#include <string>

#include "conformance/bytes.hpp"

namespace conformance {

using websocket::Condition;
using websocket::Errc;
using websocket::Stage;

namespace {

std::vector<Delivery> expected_on(Face face, const Case& row) {
  std::vector<Delivery> expected = row.delivered;
  if (face == Face::client) {
    std::erase_if(expected,
                  [](const Delivery& d) { return d.kind == Kind::ping || d.kind == Kind::pong; });
  }
  return expected;
}

void check_info(const Told& told, const End& end) {
  REQUIRE(told.closes.size() == 1);
  const auto& info = told.closes[0];
  CHECK(info.code == end.code);
  CHECK(info.reason == end.reason);
  CHECK(info.clean == end.clean);
  CHECK(info.by_peer == end.by_peer);
  CHECK_FALSE(info.will_reconnect);
}

const char* exception_for(const End& end, const websocket::Error& error) {
  if (end.status) return "BadStatus";
  if (error.code == Condition::payload_invalid || error.code == Condition::too_big) {
    return "Payload";
  }
  return error.code == Condition::closed ? "ConnectionClosed" : "Protocol";
}

void check_error(Face face, const Told& told, const End& end) {
  REQUIRE(told.errors.size() == 1);
  const auto& error = told.errors[0];
  CAPTURE(error.message);
  if (end.error) CHECK(error.code == *end.error);
  if (end.class_) CHECK(error.code == *end.class_);
  CHECK(error.stage == (end.opened ? Stage::open : Stage::handshake));
  CHECK_FALSE(error.message.empty());
  CHECK(error.message.find_first_of("\r\n") == std::string::npos);
  if (end.status) {
    REQUIRE(error.response);
    CHECK(error.response->status == *end.status);
  }
  if (face == Face::client) CHECK(told.exception == exception_for(end, error));
}

void check_told(Face face, const Told& told, const Case& row) {
  const End& end = row.end;
  const bool is_error = end.error || end.class_;
  CHECK(told.opened == (end.opened ? 1 : 0));
  CHECK(told.delivered == expected_on(face, row));
  CHECK(told.subprotocol == row.subprotocol);
  if (is_error) check_error(face, told, end);
  if (face == Face::client) {
    // What the server closed is an exception of its own; what we closed is an answer to close().
    if (!is_error) CHECK(told.exception == (row.client_closes ? "" : "ConnectionClosed"));
    if (!is_error || end.error == Errc::connection_lost) check_info(told, end);
    return;
  }
  CHECK(told.returned == is_error);
  if (!is_error) CHECK(told.errors.empty());
  check_info(told, end);
}

void check_seen(const Seen& seen, const Case& row) {
  for (const std::string& problem : seen.problems) FAIL_CHECK(problem);
  if (!row.end.close_sent) {
    CHECK_FALSE(seen.close);
    return;
  }
  REQUIRE(seen.close);
  CHECK(seen.close->close_code() == *row.end.close_sent);
}

}  // namespace

void play(const Case& row, Face face, Chunking chunking, const std::function<Told()>& talk_now) {
  INFO("on ", std::string(name_of(face)), ", sent ", std::string(name_of(chunking)));
  Seen seen;
  server().serve_next(
      [&](support::RawConnection& connection) { play_server(connection, row, chunking, seen); });
  const Told told = talk_now();
  const std::string problem = server().wait();
  check_told(face, told, row);
  REQUIRE(problem == "");  // the next play would likely wait as long
  check_seen(seen, row);
}

void play(const Case& row) {
  std::vector<Chunking> chunkings{Chunking::whole, Chunking::bytewise};
  if (!row.cuts.empty()) chunkings = {Chunking::cuts};
  for (const Face face : all_faces) {
    for (const Chunking chunking : chunkings) {
      play(row, face, chunking, [&] { return talk(face, server().url(), row); });
    }
  }
}

}  // namespace conformance

doctest::String doctest::StringMaker<std::vector<conformance::Delivery>>::convert(
    const std::vector<conformance::Delivery>& deliveries) {
  static constexpr const char* names[] = {"text ", "binary ", "ping ", "pong "};
  constexpr std::size_t shown_bytes = 40;
  std::string shown;
  for (const auto& delivery : deliveries) {
    shown += (shown.empty() ? "" : " | ") + std::string(names[static_cast<int>(delivery.kind)]) +
             std::to_string(delivery.data.size()) + ": " +
             conformance::hex(std::string_view(delivery.data).substr(0, shown_bytes));
  }
  return shown.c_str();
}
