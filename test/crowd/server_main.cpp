// The crowd's server as a program: `crowd_server [CERTIFICATE KEY]`. It prints "READY <port>".
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>

#include "crowd/descriptors.hpp"
#include "crowd/server.hpp"

int main(int argc, char** argv) {
  constexpr std::size_t plenty = 65'536;
  crowd::allow_descriptors(plenty);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  try {
    crowd::Server server(argc > 2 ? argv[1] : "", argc > 2 ? argv[2] : "");
    std::printf("READY %u\n", static_cast<unsigned>(server.port()));
    std::fflush(stdout);
    server.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the crowd's server: %s\n", error.what());
    return 1;
  }
  return 0;
}
