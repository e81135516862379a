// The other end of every measurement, a program of its own: blocking sockets, a thread for each connection,
// and messages that were framed beforehand, so that hardly anything is left to it but the system's work. On
// loopback that is more than the receiver's: who sends also carries what TCP does for both. So where messages
// are received in big pieces the server's core is busy all the time and clients wait for it, plain sockets
// most of all; the report shows for each how busy they were.
//
//   load_server [--seconds N]
//
// It listens on two ports of 127.0.0.1, prints {"ws": PORT, "wss": PORT, "ca": "/path/ca.pem"} and
// serves until its standard input ends, SIGTERM comes or that time is over. The URL says what happens:
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

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "load_listener.hpp"
#include "stream.hpp"
#include "support/certificates.hpp"

namespace {

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

void wait_for_the_end(int signals, int milliseconds) {
  pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0},
                      {.fd = signals, .events = POLLIN, .revents = 0}};
  char ignored[256];
  while (::poll(sources, 2, milliseconds) > 0 && sources[1].revents == 0 &&
         ::read(STDIN_FILENO, ignored, sizeof ignored) > 0) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  int seconds = -1;
  if (argc == 3 && std::string_view(argv[1]) == "--seconds") seconds = std::atoi(argv[2]);
  if (argc != 1 && seconds < 1) {
    std::fputs("usage: load_server [--seconds N]\n", stderr);
    return 1;
  }
  try {
    const int signals = take_signals();
    allow_descriptors();
    const support::Certificates certificates;
    const support::Certificate& mine = certificates.valid();
    const auto tls = bench::server_context(mine.certificate, mine.key);
    const bench::Listener ws(nullptr);
    const bench::Listener wss(tls.get());
    std::printf("{\"ws\": %d, \"wss\": %d, \"ca\": \"%s\"}\n", ws.port(), wss.port(),
                certificates.authority().c_str());
    std::fflush(stdout);
    wait_for_the_end(signals, seconds < 0 ? -1 : seconds * 1000);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "load_server: %s\n", error.what());
    return 1;
  }
  return 0;
}
