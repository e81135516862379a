// See crowd.hpp.
#include "crowd/crowd.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <utility>

namespace crowd {
namespace {

// For ten thousand, under a sanitizer, on a loaded machine; nothing that goes well comes near it.
constexpr std::chrono::minutes deadline{4};

support::Command command(const support::Certificates* certificates) {
  support::Command command{{CROWD_SERVER}};
  if (certificates != nullptr) {
    command.arguments.push_back(certificates->valid().certificate);
    command.arguments.push_back(certificates->valid().key);
  }
  return command;
}

}  // namespace

ServerProcess::ServerProcess(const support::Certificates* certificates)
    : process_(command(certificates)) {
  const auto ready = process_.read_line_beginning("READY ");
  if (!ready) throw std::runtime_error("the server did not start: " + process_.errors());
  url_ = (certificates == nullptr ? "ws://127.0.0.1:" : "wss://127.0.0.1:") + ready->substr(6);
}

std::string ServerProcess::answer(const std::string& order, const std::string& prefix) {
  if (!order.empty()) process_.write_line(order);
  auto line = process_.read_line_beginning(prefix, deadline);
  if (!line)
    throw std::runtime_error("the server never said \"" + prefix + "\": " + process_.errors());
  return *std::move(line);
}

void ServerProcess::wait_until_counted() { answer("", "counted "); }
void ServerProcess::wait_until_ended(std::size_t connections) {
  answer("ends " + std::to_string(connections), "ended ");
}
void ServerProcess::forget() { answer("forget", "forgotten"); }

std::size_t ServerProcess::say(std::size_t size) {
  return std::stoul(answer("say " + std::to_string(size), "said ").substr(5));
}

ServerProcess::Told ServerProcess::tell() {
  const std::string line = answer("tell", "told ");
  Told told{};
  long cpu = 0;
  if (std::sscanf(line.c_str(), "told open=%zu messages=%zu closed=%zu lost=%zu cpu_us=%ld",
                  &told.open, &told.messages, &told.closed, &told.lost, &cpu) != 5) {
    throw std::runtime_error("the server said: " + line);
  }
  told.cpu_seconds = static_cast<double>(cpu) / 1e6;
  return told;
}

Crowd::Crowd(std::string url, websocket::ConnectOptions options)
    : url_(std::move(url)), options_(std::move(options)) {
  loop_->start();
}

void Crowd::grow(std::size_t count, std::size_t window) {
  apps_.reserve(count);
  while (apps_.size() < count) {
    wait_until("opened", [&] { return apps_.size() - tally_.opened < window; });
    add();
  }
  wait_until("opened", [&] { return tally_.opened == count; });
}

void Crowd::add() {
  auto app = std::make_unique<websocket::WebSocketApp>(*loop_, url_, options_);
  app->on_open = [this](auto&) { note([](Tally& tally) { ++tally.opened; }); };
  app->on_message = [this](auto&, const auto&) { note([](Tally& tally) { ++tally.messages; }); };
  app->on_error = [this](auto&, const websocket::Error& error) {
    note([&](Tally& tally) {
      if (tally.errors++ == 0) tally.first_error = error.message;
    });
  };
  app->on_close = [this](auto&, const websocket::CloseInfo& info) {
    note([&](Tally& tally) {
      ++tally.closed;
      if (info.will_reconnect) return;
      if (info.clean && info.code == 1000) ++tally.closed_in_order;
      if (!info.clean && info.code == 1006) ++tally.closed_abnormally;
    });
  };
  app->start();
  apps_.push_back(std::move(app));
}

void Crowd::close(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) apps_[i]->close();
  wait_until("closed", [&] { return tally_.closed >= count; });
}

void Crowd::wait_for_messages(std::size_t count) {
  wait_until("got a message", [&] { return tally_.messages >= count; });
}

Crowd::Tally Crowd::tally() const {
  const std::lock_guard lock(mutex_);
  return tally_;
}

template <class Change>
void Crowd::note(Change change) {
  const std::lock_guard lock(mutex_);
  change(tally_);
  changed_.notify_one();
}

template <class Ready>
void Crowd::wait_until(const char* what, Ready ready) {
  std::unique_lock lock(mutex_);
  const bool in_time =
      changed_.wait_for(lock, deadline, [&] { return tally_.errors > 0 || ready(); });
  if (tally_.errors > 0) {
    throw std::runtime_error(std::to_string(tally_.errors) +
                             " apps failed, the first one: " + tally_.first_error);
  }
  if (!in_time) throw std::runtime_error(std::string("not all apps were told that they ") + what);
}

}  // namespace crowd
