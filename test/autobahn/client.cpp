// The driver for a fuzzing server of the Autobahn|Testsuite: asks how many cases there are, goes
// through them echoing what comes, and asks for the report. Either face of the library, with the
// public API alone. What a case is worth is the server's to judge.
#include <charconv>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
#include <websocket/websocket.hpp>

namespace {

using websocket::CloseInfo;
using websocket::Error;
using websocket::Message;
using websocket::WebSocketApp;

constexpr const char* usage =
    "usage: client [--face app|sync] [--url ws://127.0.0.1:9001] [--agent NAME] [--case N]";

// Far longer than the suite's longest case takes.
constexpr std::chrono::minutes patience{5};

enum class Face { app, sync };

struct Plan {
  Face face = Face::app;
  std::string url = "ws://127.0.0.1:9001";
  std::string agent = "websocketapp/" + std::to_string(websocket::version_major) + "." +
                      std::to_string(websocket::version_minor) + "." +
                      std::to_string(websocket::version_patch);
  std::optional<unsigned> only;
};

// Why it cannot go on.
class Stuck : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// ---- one connection

enum class Answer { echo, silence };

struct Visit {
  bool opened = false;
  bool over = true;       // it ended within our patience
  unsigned received = 0;  // messages
  std::string first{};    // of them, where they are not echoed
  std::string how_ended{};
};

// The suite sends 16 MiB at once, and wants compressed whatever may be compressed.
websocket::ConnectOptions options() {
  constexpr std::size_t plenty = std::size_t{1} << 30U;
  websocket::ConnectOptions result;
  result.compression.threshold = 0;
  result.limits.max_message_size = plenty;
  result.limits.max_fragments = plenty;
  result.limits.max_send_buffer = plenty;
  return result;
}

std::string words(const CloseInfo& info) {
  std::string text = "closed with " + std::to_string(info.code);
  if (!info.reason.empty()) text += " \"" + info.reason + "\"";
  return text;
}

Visit visit_as_app(const std::string& url, Answer answer) {
  Visit visit;
  WebSocketApp app(url, options());
  app.on_open = [&](WebSocketApp&) { visit.opened = true; };
  app.on_message = [&](WebSocketApp& self, const Message& message) {
    ++visit.received;
    if (answer == Answer::silence) {
      if (visit.received == 1) visit.first = message.data;
    } else if (message.is_text()) {
      self.send_text(message.data);
    } else {
      self.send_bytes(message.data);
    }
  };
  app.on_error = [&](WebSocketApp&, const Error& error) { visit.how_ended = error.message; };
  app.on_close = [&](WebSocketApp&, const CloseInfo& info) {
    if (visit.how_ended.empty()) visit.how_ended = words(info);
  };
  app.start();
  visit.over = app.wait_for(patience);
  if (!visit.over) {
    app.close();
    app.wait();
  }
  return visit;
}

Visit visit_as_sync(const std::string& url, Answer answer) {
  Visit visit;
  try {
    websocket::WebSocket socket = websocket::create_connection(url, options());
    visit.opened = true;
    socket.set_timeout(patience);
    for (;;) {
      const websocket::ReceivedMessage message = socket.recv_message();
      ++visit.received;
      if (answer == Answer::silence) {
        if (visit.received == 1) visit.first = message.data;
      } else if (message.is_text()) {
        socket.send_text(message.data);
      } else {
        socket.send_bytes(message.data);
      }
    }
  } catch (const websocket::WebSocketTimeoutException& late) {
    visit.over = false;
    visit.how_ended = late.what();
  } catch (const websocket::WebSocketConnectionClosedException& closed) {
    const CloseInfo& info = closed.close_info();
    visit.how_ended = info.code == 1006 ? closed.what() : words(info);
  } catch (const websocket::WebSocketException& failed) {
    visit.how_ended = failed.what();
  }
  return visit;
}

// ---- the suite's protocol

// RFC 3986 2.1: what is not unreserved is percent-encoded.
std::string encoded(std::string_view text) {
  constexpr std::string_view unreserved =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += '%';
    result += digits[byte >> 4U];
    result += digits[byte & 15U];
  }
  return result;
}

std::optional<unsigned> number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A step that has to be carried out; how the connection ended is not its business.
Visit visit(const Plan& plan, const std::string& path, Answer answer) {
  const std::string url = plan.url + path;
  Visit visit = plan.face == Face::app ? visit_as_app(url, answer) : visit_as_sync(url, answer);
  if (!visit.opened) throw Stuck(path + ": " + visit.how_ended);
  if (!visit.over) throw Stuck(path + ": the server did not come to an end");
  return visit;
}

unsigned case_count(const Plan& plan) {
  const Visit asked = visit(plan, "/getCaseCount", Answer::silence);
  const auto count = number(asked.first);
  if (!count) throw Stuck("/getCaseCount: the server said \"" + asked.first + "\", not a number");
  return *count;
}

void run_case(const Plan& plan, unsigned which) {
  const Visit done =
      visit(plan, "/runCase?case=" + std::to_string(which) + "&agent=" + encoded(plan.agent),
            Answer::echo);
  std::printf("case %u: %u received, %s\n", which, done.received, done.how_ended.c_str());
  std::fflush(stdout);
}

void run(const Plan& plan) {
  const unsigned count = case_count(plan);
  if (plan.only && *plan.only > count) {
    throw Stuck("there is no case " + std::to_string(*plan.only) + ": the server has " +
                std::to_string(count));
  }
  std::printf("%u cases for %s\n", plan.only ? 1 : count, plan.agent.c_str());
  const unsigned first = plan.only.value_or(1);
  const unsigned last = plan.only.value_or(count);
  for (unsigned which = first; which <= last; ++which) run_case(plan, which);
  visit(plan, "/updateReports?agent=" + encoded(plan.agent), Answer::silence);
  std::printf("the server has written its report\n");
}

// ---- the command line

Plan plan_from(const std::vector<std::string_view>& arguments) {
  Plan plan;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string_view name = arguments[i];
    if (i + 1 == arguments.size()) throw std::invalid_argument(std::string(name) + " what?");
    const std::string_view value = arguments[i + 1];
    if (name == "--face" && value == "app") {
      plan.face = Face::app;
    } else if (name == "--face" && value == "sync") {
      plan.face = Face::sync;
    } else if (name == "--url") {
      plan.url = value.substr(0, value.find_last_not_of('/') + 1);
    } else if (name == "--agent" && !value.empty()) {
      plan.agent = value;
    } else if (name == "--case" && number(value).value_or(0) > 0) {
      plan.only = number(value);
    } else {
      throw std::invalid_argument("not understood: " + std::string(name) + " " +
                                  std::string(value));
    }
  }
  return plan;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(plan_from({argv + 1, argv + argc}));
    return 0;
  } catch (const std::invalid_argument& mistake) {
    std::fprintf(stderr, "%s\n%s\n", mistake.what(), usage);
    return 2;
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "%s\n", problem.what());
    return 1;
  }
}
