// The other end of every measurement, a program of its own: blocking sockets, a thread for each connection,
// and messages that were framed beforehand, so that hardly anything is left to it but the system's work. On
// loopback that is more than the receiver's: who sends also carries what TCP does for both. So where messages
// are received in big pieces the server's core is busy all the time and clients wait for it, plain sockets
// most of all; the report shows for each how busy they were.
//
//   load_server [--seconds N] [--awake]
//
// It listens on two ports of 127.0.0.1, prints {"ws": PORT, "wss": PORT, "ca": "/path/ca.pem"} and
// serves until its standard input ends, SIGTERM comes or nothing else has for that time. --awake is for when
// it has a core to itself: see vigil.hpp. Asked by an empty line, it says how long it has watched in vain,
// {"watched_in_vain": SECONDS}: that much of its processor time was nobody's work. The URL says what happens:
//
//   /firehose?size=S&count=N   sends N messages of S bytes, as fast as they are taken
//   /sink?size=S&count=N       reads N messages of S bytes, then sends "done"
//   /echo?size=S               sends every message back: those of S bytes as S times 'x', made
//                              beforehand, and others as they came
//
//   text=ascii|utf8|json       text messages instead of binary ones; utf8: many scripts; json: below
//   sendfile=1                 sends without copying, by sendfile(2); ws alone
//   deflate=1                  agrees to permessage-deflate, each message by itself. What is sent was
//                              compressed beforehand, and is JSON if text does not say otherwise
//
// "PLN /path?query" and an empty line in place of HTTP's GET: the same bytes without a handshake, and
// read and written without a look at them. That is what plain sockets are measured with.
#include <poll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <string_view>

#include "load_listener.hpp"
#include "stream.hpp"
#include "support/certificates.hpp"
#include "vigil.hpp"

namespace {

struct Arguments {
  int milliseconds = -1;  // for ever
  bool awake = false;
};

// Nothing: they are wrong.
std::optional<Arguments> read(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--awake") {
      arguments.awake = true;
    } else if (argument == "--seconds" && i + 1 < argc && std::atoi(argv[i + 1]) > 0) {
      arguments.milliseconds = std::atoi(argv[++i]) * 1000;
    } else {
      return std::nullopt;
    }
  }
  return arguments;
}

// Before there is any thread, so that none of them is interrupted.
int take_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  sigdelset(&signals, SIGPIPE);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

void allow_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

template <class... Values>
void say(const char* format, Values... values) {
  std::printf(format, values...);
  std::fflush(stdout);
}

void wait_for_the_end(int signals, int milliseconds) {
  pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                      {.fd = signals, .events = POLLIN, .revents = 0}};
  char line[256];
  while (::poll(sources, 2, milliseconds) > 0 && sources[1].revents == 0 &&
         ::read(STDIN_FILENO, line, sizeof line) > 0) {
    const std::chrono::duration<double> in_vain = bench::watched_in_vain();
    say("{\"watched_in_vain\": %.6f}\n", in_vain.count());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = read(argc, argv);
  if (!arguments) {
    std::fputs("usage: load_server [--seconds N] [--awake]\n", stderr);
    return 1;
  }
  try {
    const int signals = take_signals();
    allow_descriptors();
    if (arguments->awake) bench::keep_awake(std::chrono::microseconds(50));
    const support::Certificates certificates;
    const support::Certificate& mine = certificates.valid();
    const auto tls = bench::server_context(mine.certificate, mine.key);
    const bench::Listener ws(nullptr);
    const bench::Listener wss(tls.get());
    say("{\"ws\": %d, \"wss\": %d, \"ca\": \"%s\"}\n", ws.port(), wss.port(),
        certificates.authority().c_str());
    wait_for_the_end(signals, arguments->milliseconds);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_server: %s\n", error.what());
    return 1;
  }
  return 0;
}
