// What is said of a connection: in its errors' sentences, and of its end in the trace.
#pragma once

#include <string>
#include <websocket/close.hpp>
#include <websocket/error.hpp>
#include <websocket/options.hpp>

#include "base/failure.hpp"
#include "protocol/url.hpp"

namespace websocket::engine {

// "30 s", "1500 ms".
std::string seconds(Duration duration);
// The outer half of an error's sentence: "TLS handshake with example.com:443 failed".
std::string what_failed(Stage stage, const protocol::Url& url);
// When connecting took too long: "the name was still being looked up".
const char* what_was_awaited(Stage stage);
std::string end_in_words(const CloseInfo& info);

base::Failure no_memory_to_connect();

}  // namespace websocket::engine
