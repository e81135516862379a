// A program that visits a server and says what that cost it: so that memory and processor time are
// those of the library alone, and each scenario's own.
//   visitor app|client URL [NAME=NUMBER ...]
#include <charconv>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <string>
#include <string_view>

#include "hostile/resident.hpp"
#include "hostile/visit.hpp"

namespace {

using hostile::Face;
using hostile::Manners;

std::size_t number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("no number: " + std::string(text));
  }
  return value;
}

void set(std::string_view setting, websocket::ConnectOptions& options, Manners& manners) {
  const auto sign = setting.find('=');
  const std::string_view name = setting.substr(0, sign);
  const std::size_t value = number(setting.substr(sign + 1));
  if (name == "max_message_size") {
    options.limits.max_message_size = value;
  } else if (name == "max_fragments") {
    options.limits.max_fragments = value;
  } else if (name == "max_response_head") {
    options.limits.max_response_head = value;
  } else if (name == "compression") {
    options.compression.enabled = value != 0;
  } else if (name == "texts_to_send") {
    manners.texts_to_send = static_cast<unsigned>(value);
  } else {
    throw std::invalid_argument("unknown: " + std::string(name));
  }
}

void tell(const char* when, const hostile::Seen& seen) {
  std::printf("%s messages=%llu bytes=%llu ends=%u code=%u errors=%zu errc=%d\n", when,
              static_cast<unsigned long long>(seen.messages),
              static_cast<unsigned long long>(seen.bytes), seen.ends, seen.info.code,
              seen.errors.size(), seen.errors.empty() ? 0 : seen.errors.front().code.value());
  for (const auto& error : seen.errors) std::fprintf(stderr, "%s\n", error.message.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  const Face face = std::string_view(argv[1]) == "app" ? Face::app : Face::client;
  websocket::ConnectOptions options = hostile::quick();
  Manners manners;
  std::uint64_t resident = 0;
  std::clock_t processor = 0;
  manners.before_hostile = [&] {
    resident = hostile::peak_resident();
    processor = std::clock();
  };
  manners.after_hostile = [&] {
    processor = std::clock() - processor;
    resident = hostile::peak_resident() - resident;
  };
  for (int i = 3; i < argc; ++i) set(argv[i], options, manners);
  const hostile::Visit visit = hostile::visit(face, argv[2], options, manners);
  tell("before", visit.before);
  tell("hostile", visit.hostile);
  tell("after", visit.after);
  std::printf("resident=%llu processor=%llu\n", static_cast<unsigned long long>(resident),
              static_cast<unsigned long long>(processor));
}
