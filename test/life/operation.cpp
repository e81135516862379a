#include "life/operation.hpp"

#include <stdexcept>
#include <thread>

namespace life {

using websocket::RunOptions;
using websocket::SendResult;
using websocket::State;
using websocket::WebSocketApp;

const char* name_of(Operation operation) {
  switch (operation) {
    case Operation::send:
      return "send()";
    case Operation::send_invalid_text:
      return "send() of text that is not UTF-8";
    case Operation::send_bytes:
      return "send_bytes()";
    case Operation::send_too_much:
      return "send_bytes() of very much";
    case Operation::send_wait:
      return "send_wait()";
    case Operation::send_wait_too_much:
      return "send_bytes_wait() of very much";
    case Operation::send_fragment:
      return "send_fragment()";
    case Operation::ping:
      return "ping()";
    case Operation::ping_too_long:
      return "ping() of 126 bytes";
    case Operation::close:
      return "close()";
    case Operation::close_with_code:
      return "close(4001, \"enough\")";
    case Operation::close_with_bad_code:
      return "close(1005)";
    case Operation::start:
      return "start()";
    case Operation::run_forever:
      return "run_forever()";
    case Operation::wait:
      return "wait() while another thread closes";
    case Operation::wait_for:
      return "wait_for()";
    case Operation::reconnect_now:
      return "reconnect_now()";
    case Operation::assign_handlers:
      return "assigning handlers";
    case Operation::state:
      return "state()";
    case Operation::buffered_amount:
      return "buffered_amount()";
    case Operation::latency:
      return "latency()";
    case Operation::facts:
      return "subprotocol(), response() and the addresses";
    case Operation::destroy:
      return "destroying";
  }
  return "";
}

std::vector<Operation> all_operations() {
  std::vector<Operation> all;
  for (int i = 0; i <= static_cast<int>(Operation::destroy); ++i) {
    all.push_back(static_cast<Operation>(i));
  }
  return all;
}

const char* name_of(State state) {
  switch (state) {
    case State::idle:
      return "idle";
    case State::connecting:
      return "connecting";
    case State::open:
      return "open";
    case State::closing:
      return "closing";
    case State::waiting:
      return "waiting";
    case State::closed:
      return "closed";
  }
  return "";
}

const char* name_of(SendResult result) {
  switch (result) {
    case SendResult::queued:
      return "queued";
    case SendResult::closed:
      return "closed";
    case SendResult::buffer_full:
      return "buffer_full";
    case SendResult::invalid:
      return "invalid";
  }
  return "";
}

namespace {

const char* words(bool yes) { return yes ? "true" : "false"; }

void assign_handlers(WebSocketApp& app) {
  app.on_data = [](WebSocketApp&, std::string_view, websocket::Opcode, bool) {};
  app.on_data = nullptr;
  app.on_cont_message = [](WebSocketApp&, std::string_view, bool) {};
  app.on_cont_message = {};
  app.on_drain = [](WebSocketApp&) {};
  const auto copy = app.on_message;
  app.on_message = copy;
}

std::string wait_while_another_closes(WebSocketApp& app) {
  std::thread closer([&app] { app.close(); });
  std::string said = "returned";
  try {
    app.wait();
  } catch (const std::logic_error&) {
    said = "logic_error";
  }
  closer.join();
  return said;
}

std::string act(Operation operation, WebSocketApp& app, const RunOptions& run_options) {
  constexpr std::chrono::milliseconds a_moment(5);
  switch (operation) {
    case Operation::send:
      return name_of(app.send("x"));
    case Operation::send_invalid_text:
      return name_of(app.send("\xff"));
    case Operation::send_bytes:
      return name_of(app.send_bytes("\xff"));
    case Operation::send_too_much:
      return name_of(app.send_bytes(std::string(Scene::does_not_fit, 'x')));
    case Operation::send_wait:
      return name_of(app.send_wait("x", support::default_deadline));
    case Operation::send_wait_too_much:
      return name_of(app.send_bytes_wait(std::string(Scene::does_not_fit, 'x'), a_moment));
    case Operation::send_fragment:
      return name_of(app.send_fragment("x", false));
    case Operation::ping:
      return name_of(app.ping("x"));
    case Operation::ping_too_long:
      return name_of(app.ping(std::string(126, 'x')));
    case Operation::close:
      app.close();
      return "returned";
    case Operation::close_with_code:
      app.close(4001, "enough");
      return "returned";
    case Operation::close_with_bad_code:
      app.close(1005);
      return "returned";
    case Operation::start:
      app.start(run_options);
      return "returned";
    case Operation::run_forever:
      return words(app.run_forever(run_options));
    case Operation::wait:
      return wait_while_another_closes(app);
    case Operation::wait_for:
      return words(app.wait_for(a_moment));
    case Operation::reconnect_now:
      app.reconnect_now();
      return "returned";
    case Operation::assign_handlers:
      assign_handlers(app);
      return "returned";
    case Operation::state:
      return name_of(app.state());
    case Operation::buffered_amount:
      return app.buffered_amount() == 0 ? "nothing" : "something";
    case Operation::latency:
      return app.latency().count() == 0 ? "nothing" : "something";
    case Operation::facts:
      static_cast<void>(app.response().status);
      static_cast<void>(app.local_address() + app.remote_address() + app.extensions());
      return app.subprotocol().empty() ? "nothing" : "something";
    case Operation::destroy:
      break;
  }
  return "";
}

}  // namespace

std::string perform(Operation operation, WebSocketApp& app, const RunOptions& run_options) {
  try {
    return act(operation, app, run_options);
  } catch (const std::invalid_argument&) {
    return "invalid_argument";
  } catch (const std::logic_error&) {
    return "logic_error";
  }
}

std::string perform(Operation operation, Scene& scene) {
  if (operation != Operation::destroy) {
    return perform(operation, scene.app(), scene.run_options());
  }
  scene.destroy_app();
  return "returned";
}

}  // namespace life
