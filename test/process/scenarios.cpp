// Programs in one: each forks or exits in a way of its own while connections are open. The test
// starts them as processes, for what happens at a process's end can't be seen from inside.
//
//   process_scenarios <scenario> <url> [<authority's PEM file>]
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <websocket/websocket.hpp>

using namespace websocket;
using namespace std::chrono_literals;

namespace {

std::string url;
ConnectOptions options;

void say(const std::string& line) {
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

[[noreturn]] void complain(const std::string& what) {
  say("wrong: " + what);
  _exit(3);
}

void require(bool holds, const char* what) {
  if (!holds) complain(what);
}

// Dies with the program's static objects, and before handlers may not run any more.
struct Canary {
  ~Canary() { alive = false; }
  static inline bool alive = true;
};
const Canary canary;

// An app with what a program wants to know of it.
struct Talk {
  std::promise<void> opened;
  std::promise<std::string> answered;
  std::promise<CloseInfo> closed;

  void attach(WebSocketApp& app) {
    app.on_open = [this](WebSocketApp&) { opened.set_value(); };
    app.on_message = [this](WebSocketApp&, const Message& message) {
      if (!Canary::alive) std::abort();
      answered.set_value(std::string(message.data));
    };
    app.on_close = [this](WebSocketApp&, const CloseInfo& info) { closed.set_value(info); };
  }
  void wait_until_open() { opened.get_future().wait(); }
  std::string exchange(WebSocketApp& app, const std::string& text) {
    answered = {};
    auto answer = answered.get_future();
    require(app.send(text) == SendResult::queued, "send before");
    require(answer.wait_for(20s) == std::future_status::ready, "an answer within 20 s");
    return answer.get();
  }
};

bool is_a_child = false;

// ThreadSanitizer ends a child of a process with threads that starts one itself; with it, children
// do what needs none.
#if defined(__SANITIZE_THREAD__)
constexpr bool children_start_threads = false;
#else
constexpr bool children_start_threads = true;
#endif

// What the child did, as an exit status.
int in_a_child(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    is_a_child = true;
    work();
    std::exit(0);  // with its static objects' destructors
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

template <class Exception>
bool throws(const std::function<void()>& work) {
  try {
    work();
  } catch (const Exception&) {
    return true;
  }
  return false;
}

// An inherited app is closed, does nothing, and can be destroyed.
void use_inherited(std::unique_ptr<WebSocketApp> app) {
  require(app->state() == State::closed, "closed in the child");
  require(app->send("from the child") == SendResult::closed, "send in the child");
  require(app->send_wait("from the child", 1s) == SendResult::closed, "send_wait in the child");
  require(app->ping() == SendResult::closed, "ping in the child");
  require(app->buffered_amount() == 0, "nothing is buffered in the child");
  require(app->response().status == 0, "no response in the child");
  app->close();
  app->reconnect_now();
  app->wait();
  require(app->wait_for(1h), "nothing to wait for in the child");
  require(throws<std::logic_error>([&] { app->start(); }), "start() in the child");
  require(throws<std::logic_error>([&] { app->run_forever(); }), "run_forever() in the child");
}

void say_how_it_closes(WebSocketApp& app, Talk& talk) {
  app.close(1000, "the parent");
  say("closed " + std::to_string(talk.closed.get_future().get().code));
}

// A child has connections of its own.
void talk_in_the_child() {
  auto socket = create_connection(url, options);
  socket.send("from the child");
  require(socket.recv() == "from the child", "the child's own connection");
  if (!children_start_threads) return;
  WebSocketApp app(url, options);
  Talk talk;
  talk.attach(app);
  app.start();
  talk.wait_until_open();
  require(talk.exchange(app, "the child's app") == "the child's app", "the child's own app");
}

void fork_with(std::unique_ptr<WebSocketApp> app, EventLoop* loop) {
  Talk talk;
  talk.attach(*app);
  app->start();
  talk.wait_until_open();
  say(talk.exchange(*app, "before"));
  const int status = in_a_child([&] {
    use_inherited(std::move(app));
    if (loop != nullptr) {
      loop->stop();
      require(throws<std::logic_error>([&] { loop->start(); }), "EventLoop::start in the child");
      require(throws<std::logic_error>([&] { loop->poll(); }), "EventLoop::poll in the child");
    }
    talk_in_the_child();
  });
  say("child " + std::to_string(status));
  say(talk.exchange(*app, "after"));
  say_how_it_closes(*app, talk);
}

void fork_with_an_app() { fork_with(std::make_unique<WebSocketApp>(url, options), nullptr); }

void fork_with_an_event_loop() {
  EventLoop loop;
  loop.start();
  fork_with(std::make_unique<WebSocketApp>(loop, url, options), &loop);
}

void fork_with_a_client() {
  WebSocket socket = create_connection(url, options);
  socket.send("before");
  say(socket.recv());
  const int status = in_a_child([&] {
    require(!socket.connected(), "connected() in the child");
    require(throws<WebSocketConnectionClosedException>([&] { socket.send("from the child"); }),
            "send() in the child");
    require(throws<WebSocketConnectionClosedException>([&] { socket.recv(); }),
            "recv() in the child");
    socket.close();
    socket.connect(url);  // a connection of the child's own
    socket.send("the child's");
    require(socket.recv() == "the child's", "the child's connection");
    socket.close();
    const WebSocket goes = std::move(socket);
  });
  say("child " + std::to_string(status));
  socket.send("after");
  say(socket.recv());
  say("closed " + std::to_string(socket.close(1000, "the parent").code));
}

// Messages come and go until the process ends.
void keep_busy(WebSocketApp& app, const std::function<void(int)>& at_message = {}) {
  static std::promise<void> busy;
  app.on_open = [](WebSocketApp& self) { self.send("again"); };
  app.on_message = [at_message, count = 0](WebSocketApp& self, const Message&) mutable {
    if (!Canary::alive) std::abort();
    if (++count == 20) busy.set_value();
    if (at_message) at_message(count);
    self.send("again");
  };
  app.start();
  busy.get_future().wait();
}

// Nothing in the child is done by hand: what it inherited goes with the process.
void fork_and_exit() {
  static EventLoop loop;
  loop.start();
  static WebSocketApp app(url, options);
  static WebSocketApp on_loop(loop, url, options);
  static WebSocket socket = create_connection(url, options);
  static Talk talks[2];
  talks[0].attach(app);
  talks[1].attach(on_loop);
  app.start();
  on_loop.start();
  for (Talk& talk : talks) talk.wait_until_open();
  say("child " + std::to_string(in_a_child([] {})));
  // One that has an app of its own running when it exits.
  say("child " + std::to_string(in_a_child([] {
        if (children_start_threads) keep_busy(*new WebSocketApp(url, options));
      })));
  say(talks[0].exchange(app, "after"));
  say(talks[1].exchange(on_loop, "after on the loop"));
  socket.send("after on the client");
  say(socket.recv());
}

// A thread of the parent is in the trace's sink, and holds its lock, while the child is made.
void fork_while_tracing() {
  static std::promise<void> in_sink;
  static std::promise<void> go_on;
  static std::atomic<bool> first{true};
  enable_trace(true, [](std::string_view) {
    if (!first.exchange(false)) return;
    in_sink.set_value();
    go_on.get_future().wait();
  });
  WebSocketApp app(url, options);
  app.start();
  in_sink.get_future().wait();
  const int status = in_a_child([] {
    auto socket = create_connection(url, options);
    socket.send("traced");
    require(socket.recv() == "traced", "an echo in the child");
  });
  go_on.set_value();
  require(status == 0, "a child that traces");
}

// ---- exit

std::optional<WebSocketApp> global_app;
std::optional<EventLoop> global_loop;
std::unique_ptr<WebSocketApp> app_that_outlives_the_loop;

void exit_with_a_global_app() { keep_busy(global_app.emplace(url, options)); }

void exit_with_an_app_nobody_destroys() {
  static auto& app = *new WebSocketApp(url, options);
  keep_busy(app);
}

void exit_with_a_global_loop() {
  static EventLoop loop;
  loop.start();
  static WebSocketApp app(loop, url, options);
  keep_busy(app);
}

void exit_with_an_app_that_outlives_its_loop() {
  static EventLoop loop;  // destroyed before what was made before main()
  loop.start();
  app_that_outlives_the_loop = std::make_unique<WebSocketApp>(loop, url, options);
  keep_busy(*app_that_outlives_the_loop);
}

void exit_with_a_loop_nobody_destroys() {
  static auto& loop = *new EventLoop;
  loop.start();
  static auto& app = *new WebSocketApp(loop, url, options);
  keep_busy(app);
}

void exit_in_a_handler() {
  static auto& app = *new WebSocketApp(url, options);
  keep_busy(app, [](int count) {
    if (count == 30) std::exit(0);
  });
  std::promise<void>().get_future().wait();
}

void exit_in_a_handler_of_run_forever() {
  WebSocketApp app(url, options);
  app.on_open = [](WebSocketApp&) { std::exit(0); };
  app.run_forever();
}

void exit_on_another_thread() {
  static auto& app = *new WebSocketApp(url, options);
  keep_busy(app);
  std::thread([] { std::exit(0); }).join();
}

void exit_with_many_kinds() {
  static auto& loop = *new EventLoop;
  loop.start();
  static std::vector<std::unique_ptr<WebSocketApp>> apps;
  for (int i = 0; i < 10; ++i) {
    apps.push_back(std::make_unique<WebSocketApp>(loop, url, options));
    apps.push_back(std::make_unique<WebSocketApp>(url, options));
  }
  for (const auto& app : apps) app->start();  // in whatever state they are then
}

void exit_while_a_handler_runs() {
  static std::promise<void> in_handler;
  static std::promise<void> never;
  static auto& app = *new WebSocketApp(url, options);
  app.on_open = [](WebSocketApp&) {
    in_handler.set_value();
    never.get_future().wait();
  };
  app.start();
  in_handler.get_future().wait();
}

// Destroyed after the loops of the library were looked after.
void exit_with_a_global_app_whose_handler_hangs() {
  static auto& in_handler = *new std::promise<void>;
  global_app.emplace(url, options);
  global_app->on_open = [](WebSocketApp&) {
    in_handler.set_value();
    (new std::promise<void>)->get_future().wait();
  };
  global_app->start();
  in_handler.get_future().wait();
}

void exit_with_a_loop_whose_handler_hangs() {
  static auto& in_handler = *new std::promise<void>;
  EventLoop& loop = global_loop.emplace();
  loop.start();
  global_app.emplace(loop, url, options);
  global_app->on_open = [](WebSocketApp&) {
    in_handler.set_value();
    (new std::promise<void>)->get_future().wait();
  };
  global_app->start();
  in_handler.get_future().wait();
}

void exit_in_a_handler_of_a_global_loop() {
  static EventLoop loop;
  loop.start();
  static WebSocketApp app(loop, url, options);
  app.on_open = [](WebSocketApp&) { std::exit(0); };
  app.start();
  (new std::promise<void>)->get_future().wait();
}

void exit_with_a_client() {
  static WebSocket socket = create_connection(url, options);
  socket.send("once");
  require(socket.recv() == "once", "an echo");
  static auto& leaked = *new WebSocket(create_connection(url, options));
  leaked.send("once more");
}

const std::map<std::string, void (*)()> scenarios = {
    {"fork_with_an_app", fork_with_an_app},
    {"fork_with_an_event_loop", fork_with_an_event_loop},
    {"fork_with_a_client", fork_with_a_client},
    {"fork_and_exit", fork_and_exit},
    {"fork_while_tracing", fork_while_tracing},
    {"exit_with_a_global_app", exit_with_a_global_app},
    {"exit_with_an_app_nobody_destroys", exit_with_an_app_nobody_destroys},
    {"exit_with_a_global_loop", exit_with_a_global_loop},
    {"exit_with_an_app_that_outlives_its_loop", exit_with_an_app_that_outlives_its_loop},
    {"exit_with_a_loop_nobody_destroys", exit_with_a_loop_nobody_destroys},
    {"exit_in_a_handler", exit_in_a_handler},
    {"exit_in_a_handler_of_run_forever", exit_in_a_handler_of_run_forever},
    {"exit_on_another_thread", exit_on_another_thread},
    {"exit_with_many_kinds", exit_with_many_kinds},
    {"exit_while_a_handler_runs", exit_while_a_handler_runs},
    {"exit_with_a_global_app_whose_handler_hangs", exit_with_a_global_app_whose_handler_hangs},
    {"exit_with_a_loop_whose_handler_hangs", exit_with_a_loop_whose_handler_hangs},
    {"exit_in_a_handler_of_a_global_loop", exit_in_a_handler_of_a_global_loop},
    {"exit_with_a_client", exit_with_a_client},
};

}  // namespace

// Asked by LeakSanitizer. A child has none of its parent's other threads: what nobody but they refer
// to is still there, and looks leaked.
extern "C" int __lsan_is_turned_off() { return is_a_child ? 1 : 0; }

int main(int argc, char** argv) {
  if (argc < 3 || scenarios.count(argv[1]) == 0) return 2;
  url = argv[2];
  if (argc > 3) options.tls.ca_file = argv[3];
  options.close_timeout = 2s;
  try {
    scenarios.at(argv[1])();
  } catch (const std::exception& thrown) {
    complain(thrown.what());
  }
  say("main returns");
  return 0;
}
