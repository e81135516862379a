#include "caller.hpp"

#include <utility>

namespace faults {

using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::SendResult;
using websocket::WebSocketApp;

Caller::Caller(websocket::EventLoop* loop, const std::string& url,
               websocket::ConnectOptions options, std::string name, Script script)
    : name_(std::move(name)), script_(std::move(script)) {
  // Asked before every attempt: so each has a name that the server hears too.
  options.header_factory = [this] { return begin_attempt(); };
  if (loop) {
    app_.emplace(*loop, url, std::move(options));
  } else {
    app_.emplace(url, std::move(options));
  }
  attach();
}

Caller::~Caller() { app_.reset(); }

void Caller::attach() {
  app_->on_open = [this](WebSocketApp&) { opened(); };
  app_->on_message = [this](WebSocketApp&, const Message& what) { message(what); };
  app_->on_pong = [this](WebSocketApp&, std::string_view payload) { pong(payload); };
  app_->on_error = [this](WebSocketApp&, const Error& what) { error(what); };
  app_->on_close = [this](WebSocketApp&, const CloseInfo& info) { closed(info); };
}

websocket::Headers Caller::begin_attempt() {
  if (number_ > 0) script_.told(std::move(attempt_), false);
  attempt_ = {};
  attempt_.name = name_ + "." + std::to_string(++number_);
  return {{"X-Attempt", attempt_.name}};
}

// ---- what is told

void Caller::opened() {
  attempt_.told.emplace_back("open");
  if (attempt_.opened++ > 0 || attempt_.errors > 0 || attempt_.closes > 0) {
    attempt_.out_of_order = true;
  }
  script_.opened(*this);
}

void Caller::message(const Message& message) {
  const std::size_t number = attempt_.echoed;
  std::string due = std::to_string(number) + " ";
  due += script_.words(number);
  if (attempt_.opened == 0 || attempt_.closes > 0) attempt_.out_of_order = true;
  if (message.data != due || message.is_binary() != (number % 2 == 1)) {
    ++attempt_.wrong_echoes;
    attempt_.told.push_back("not echo " + std::to_string(number) + " but " +
                            std::string(message.data.substr(0, 20)));
    return;
  }
  ++attempt_.echoed;
  script_.echoed(*this, attempt_.echoed);
}

void Caller::pong(std::string_view payload) {
  if (attempt_.opened == 0 || attempt_.closes > 0) attempt_.out_of_order = true;
  if (payload.empty()) return;  // of a ping that keeps the connection alive
  attempt_.surely_read = std::stoul(std::string(payload));
  if (script_.ponged) script_.ponged(*this);
}

void Caller::error(const Error& error) {
  attempt_.told.push_back("error " + error.message);
  if (attempt_.errors++ > 0 || attempt_.closes > 0) attempt_.out_of_order = true;
  attempt_.error_reconnects = error.will_reconnect;
}

void Caller::closed(const CloseInfo& info) {
  attempt_.told.push_back("close " + std::to_string(info.code) +
                          (info.will_reconnect ? " again" : ""));
  const bool is_of_the_connection = attempt_.opened > 0 && attempt_.closes == 0;
  if (is_of_the_connection) {
    ++attempt_.closes;
    attempt_.info = info;
  } else if (info.will_reconnect) {
    ++attempt_.closes;  // there was no connection to be told of
    attempt_.out_of_order = true;
  }
  if (info.will_reconnect) return;
  if (std::exchange(attempt_.ends_the_run, true)) attempt_.out_of_order = true;
  // Not moved out: should more be told, that shows.
  script_.told(Attempt(attempt_), true);
}

// ---- what the script does

bool Caller::say() { return say(script_.words(attempt_.queued)); }
bool Caller::say_bye() { return say("bye"); }

bool Caller::say(std::string_view words) {
  std::string message = std::to_string(attempt_.queued) + " ";
  message += words;
  const SendResult result =
      attempt_.queued % 2 == 1 ? app_->send_bytes(message) : app_->send(message);
  if (result != SendResult::queued) return false;
  ++attempt_.queued;
  return true;
}

bool Caller::say_in_pieces() {
  std::string message = std::to_string(attempt_.queued) + " ";
  message += script_.words(attempt_.queued);
  const std::string_view all = message;
  for (const std::string_view piece : {all.substr(0, 1), all.substr(1, 1)}) {
    if (send_piece(piece, false) != SendResult::queued) return false;
  }
  if (send_piece(all.substr(2), true) != SendResult::queued) return false;
  ++attempt_.queued;
  return true;
}

SendResult Caller::send_piece(std::string_view piece, bool fin) {
  if (attempt_.queued % 2 == 1) return app_->send_bytes_fragment(piece, fin);
  return app_->send_fragment(piece, fin);
}

void Caller::ask() { app_->ping(std::to_string(attempt_.queued)); }

void Caller::hang_up() {
  attempt_.hung_up = true;
  app_->close();
}

}  // namespace faults
