#include "load_content.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <map>
#include <mutex>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "frame_layout.hpp"
#include "json_corpus.hpp"

namespace bench {
namespace {

constexpr std::size_t least_block = std::size_t{256} << 10U;

// Greetings in many scripts: words of characters of two, three and four bytes.
std::string utf8_text(std::size_t size) {
  static constexpr std::array<std::string_view, 10> words = {
      "Καλημέρα", "привет", "世界", "שלום",       "こんにちは",
      "नमस्ते",     "🌍🚀",     "สวัสดี", "안녕하세요", "🙂👋🎉"};
  static constexpr std::array<std::string_view, 9> rests = {
      "", "x", "é", "€", "🙂", "é€", "é🙂", "€🙂", "éé🙂"};
  std::string text;
  for (std::size_t i = 0; size - text.size() >= 32; i = i * 7 + 3) text += words[i % words.size()];
  while (size - text.size() >= rests.size()) text += "é";
  return text += rests[size - text.size()];
}

std::vector<std::string> messages(const Request& request) {
  switch (request.content) {
    case Content::binary:
    case Content::ascii:
      return {std::string(request.size, 'x')};
    case Content::utf8:
      return {utf8_text(request.size)};
    case Content::json:
      return json_corpus(request.size);
  }
  return {};
}

std::string frame(const std::string& message, const Request& request) {
  constexpr unsigned char fin = 0x80;
  constexpr unsigned char rsv1 = 0x40;
  const unsigned first = fin | static_cast<unsigned>(request.text ? Kind::text : Kind::binary);
  if (!request.deflate) {
    return server_header(static_cast<unsigned char>(first), message.size()) + message;
  }
  const std::string compressed = deflate_message(message, request.window_bits);
  return server_header(static_cast<unsigned char>(first | rsv1), compressed.size()) + compressed;
}

}  // namespace

MemoryFile::MemoryFile(std::string_view content)
    : descriptor_(::memfd_create("frames", MFD_CLOEXEC)) {
  while (!content.empty()) {
    const ssize_t put = ::write(descriptor_, content.data(), content.size());
    if (put <= 0) throw std::runtime_error("there is no memory for a file");
    content.remove_prefix(static_cast<std::size_t>(put));
  }
}

MemoryFile::~MemoryFile() { ::close(descriptor_); }

FrameBlock::FrameBlock(std::vector<std::string> frames, std::size_t at_least) {
  while (bytes_.size() < at_least) {
    for (const std::string& frame : frames) {
      bytes_ += frame;
      ends_.push_back(bytes_.size());
    }
  }
  file_ = std::make_unique<const MemoryFile>(bytes_);
}

std::shared_ptr<const FrameBlock> frame_block(const Request& request) {
  static std::mutex mutex;
  static std::map<std::tuple<std::size_t, Content, bool, bool, int>,
                  std::shared_ptr<const FrameBlock>>
      blocks;
  const std::lock_guard lock(mutex);
  auto& block =
      blocks[{request.size, request.content, request.text, request.deflate, request.window_bits}];
  if (!block) {
    std::vector<std::string> frames;
    for (const std::string& message : messages(request)) frames.push_back(frame(message, request));
    block = std::make_shared<const FrameBlock>(std::move(frames), least_block);
  }
  return block;
}

}  // namespace bench
