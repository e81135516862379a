#include "load_request.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <strings.h>

#include <algorithm>
#include <cstdlib>

namespace bench {
namespace {

// The value of a header field, "" where there is none; several fields of the name are one list.
std::string field(std::string_view head, std::string_view name) {
  std::string values;
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;
       at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() <= name.size() || line[name.size()] != ':' ||
        ::strncasecmp(line.data(), name.data(), name.size()) != 0) {
      continue;
    }
    line.remove_prefix(name.size() + 1);
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    line.remove_suffix(line.size() - 1 - std::min(line.find_last_not_of(" \t"), line.size() - 1));
    if (!values.empty()) values += ", ";
    values += line;
  }
  return values;
}

// "/echo?size=16&count=2" knows "size" and "count".
std::string_view parameter(std::string_view target, std::string_view name) {
  for (std::size_t at = target.find('?'); at < target.size(); at = target.find('&', at + 1)) {
    const std::string_view rest = target.substr(at + 1);
    if (rest.starts_with(name) && rest.substr(name.size()).starts_with('=')) {
      const std::size_t begin = name.size() + 1;
      return rest.substr(begin, rest.find('&') - begin);
    }
  }
  return {};
}

std::size_t number(std::string_view text) {
  return std::strtoul(std::string(text).c_str(), nullptr, 10);
}

std::optional<Task> task_of(std::string_view path) {
  if (path == "/firehose") return Task::firehose;
  if (path == "/sink") return Task::sink;
  if (path == "/echo") return Task::echo;
  return std::nullopt;
}

Content content_of(std::string_view text, bool deflate) {
  if (text == "ascii") return Content::ascii;
  if (text == "utf8") return Content::utf8;
  return deflate || text == "json" ? Content::json : Content::binary;
}

std::optional<Request> read_target(std::string_view target) {
  const auto task = task_of(target.substr(0, target.find('?')));
  if (!task) return std::nullopt;
  Request request;
  request.task = *task;
  request.size = number(parameter(target, "size"));
  request.count = number(parameter(target, "count"));
  request.sendfile = parameter(target, "sendfile") == "1";
  const std::string_view text = parameter(target, "text");
  request.text = !text.empty();
  request.deflate = parameter(target, "deflate") == "1";
  request.content = content_of(text, request.deflate);
  return request;
}

std::string accept_value(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char encoded[32];
  const int length = EVP_EncodeBlock(encoded, digest, SHA_DIGEST_LENGTH);
  return {encoded, encoded + length};
}

// Agrees to the first offer, if the URL wants it. Messages are compressed by themselves, so that one
// compressed beforehand can be sent at any time, and echoed as it came; for that both windows are the
// same.
std::string agree_on_deflate(std::string_view offers, Request& request) {
  constexpr std::string_view extension = "permessage-deflate";
  const std::string_view offer = offers.substr(0, offers.find(','));
  request.deflate = request.deflate && offer.starts_with(extension);
  if (!request.deflate) return {};
  std::string answer = "Sec-WebSocket-Extensions: ";
  answer += extension;
  answer += "; server_no_context_takeover; client_no_context_takeover";
  constexpr std::string_view window = "server_max_window_bits=";
  if (const std::size_t at = offer.find(window); at != std::string_view::npos) {
    std::string_view value = offer.substr(at + window.size());
    if (value.starts_with('"')) value.remove_prefix(1);
    request.window_bits = static_cast<int>(std::clamp<std::size_t>(number(value), 9, 15));
    const std::string bits = std::to_string(request.window_bits);
    answer += "; server_max_window_bits=" + bits;
    if (offer.find("client_max_window_bits") != std::string_view::npos) {
      answer += "; client_max_window_bits=" + bits;
    }
  }
  return answer + "\r\n";
}

}  // namespace

std::optional<Request> read_request(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const bool websocket = line.starts_with("GET ");
  if (!websocket && !line.starts_with("PLN ")) return std::nullopt;
  const std::string_view target = line.substr(4);
  auto request = read_target(target.substr(0, target.find(' ')));
  if (!request) return std::nullopt;
  request->websocket = websocket;
  if (!websocket) {
    request->deflate = false;
    return request;
  }
  const std::string key = field(head, "Sec-WebSocket-Key");
  if (key.empty()) return std::nullopt;
  request->answer =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      accept_value(key) + "\r\n";
  request->answer += agree_on_deflate(field(head, "Sec-WebSocket-Extensions"), *request) + "\r\n";
  return request;
}

}  // namespace bench
