// The client's side of a row: what a user of each face is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>
#include <websocket/websocket.hpp>

#include "conformance/case.hpp"

namespace conformance {

/// `streaming` is the callback face with on_message and on_cont_message, `pieces` that with
/// on_cont_message alone; what comes there is put together again.
enum class Face : std::uint8_t { app, streaming, pieces, client };
inline constexpr Face all_faces[] = {Face::app, Face::streaming, Face::pieces, Face::client};
const char* name_of(Face face);

/// What the user was told.
struct Told {
  int opened = 0;
  std::string subprotocol;
  std::vector<Delivery> delivered;
  std::vector<websocket::Error> errors;
  std::vector<websocket::CloseInfo> closes;  ///< on the synchronous face also the exception's
  std::string exception;                     ///< the class that the synchronous face threw
  bool returned = false;                     ///< what run_forever returned
};

/// Runs it to its end. The faces are given so that they may be used again.
Told talk(websocket::WebSocketApp& app, const Case& row, Face face);
Told talk(websocket::WebSocket& socket, const std::string& url, const Case& row);
Told talk(Face face, const std::string& url, const Case& row);

}  // namespace conformance
