// permessage-deflate by zlib: see deflate.hpp.
#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

#include "protocol/deflate.hpp"

namespace websocket::protocol {
namespace {

// How much room is asked for at once: what a small piece inflates to is not known before.
constexpr std::size_t most_room = std::size_t{64} << 10U;
constexpr std::size_t least_room = 512;
// zlib counts in 32 bits.
constexpr std::size_t most_input = std::numeric_limits<uInt>::max();

// RFC 7692 7.2.1: what every compressed message would end with, and goes without.
constexpr std::string_view tail("\x00\x00\xff\xff", 4);

Bytef* as_bytes(char* text) { return reinterpret_cast<Bytef*>(text); }
// zlib does not write to its input; older headers don't say so.
Bytef* as_input(std::string_view text) { return as_bytes(const_cast<char*>(text.data())); }

// Raw deflate, without zlib's header, is asked for by a negative number.
constexpr int raw(int window_bits) { return -window_bits; }

// zlib does not compress raw with a window of 256 bytes. It may as well do it with 512: it never
// looks back further than the window less 262 bytes, so 250 here.
constexpr int compressing_window_bits(int agreed) { return std::max(agreed, 9); }

}  // namespace

bool deflate_is_available() noexcept { return true; }

// ---- compressing

struct Deflater::Stream {
  Stream(const DeflateSide& side, int level) {
    constexpr int memory_level = 8;  // zlib's default
    if (deflateInit2(&z, level, Z_DEFLATED, raw(compressing_window_bits(side.max_window_bits)),
                     memory_level, Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  ~Stream() { deflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z{};
};

Deflater::Deflater(const DeflateSide& own, int level) : side_(own), level_(level) {}
Deflater::Deflater(Deflater&&) noexcept = default;
Deflater& Deflater::operator=(Deflater&&) noexcept = default;
Deflater::~Deflater() = default;

void Deflater::compress(std::string_view piece, bool fin, base::Buffer& to) {
  if (!stream_) stream_ = std::make_unique<Stream>(side_, level_);
  z_stream& z = stream_->z;
  const std::size_t before = to.size();
  do {
    const std::string_view now = piece.substr(0, most_input);
    piece.remove_prefix(now.size());
    z.next_in = as_input(now);
    z.avail_in = static_cast<uInt>(now.size());
    do {
      const std::size_t room = std::clamp(now.size() + now.size() / 8, least_room, most_room);
      z.next_out = as_bytes(to.prepare(room));
      z.avail_out = static_cast<uInt>(room);
      // RFC 7692 7.2.1: "Compress all the octets of the payload of the message using DEFLATE", and
      // have an empty block without compression at the end. Z_BUF_ERROR: there was nothing to do.
      ::deflate(&z, piece.empty() ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      to.commit(room - z.avail_out);
    } while (z.avail_out == 0);
  } while (!piece.empty());
  if (!fin) return;

  // 7.2.1: "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end."
  if (to.view().substr(before).ends_with(tail)) to.shorten(tail.size());
  // 7.2.3.6: a message that compresses to nothing is sent as an empty block's first byte.
  if (to.size() == before) to.append({"\0", 1});
  if (side_.no_context_takeover) forget();
}

void Deflater::forget() noexcept {
  if (stream_) deflateReset(&stream_->z);
}

void Deflater::rest() noexcept { stream_.reset(); }

// ---- inflating

struct Inflater::Stream {
  // The largest window, whatever was agreed on: with a smaller one zlib would notice a peer that
  // looks back too far in some cuts of its bytes and not in others.
  Stream() {
    if (inflateInit2(&z, raw(most_window_bits)) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // What it could not take of the input is z.avail_in.
  Result run(std::string_view input, int flush, base::StringBuffer& to, std::size_t limit,
             std::size_t most);
  void begin_again_behind_final_block();
  // Whether what was inflated ends with a whole block, and that with a whole byte: as zlib.h tells
  // of `data_type`.
  bool is_between_blocks() const { return (z.data_type & 128) != 0 && (z.data_type & 7) == 0; }

  bool is_behind_final_block() const { return (z.data_type & 64) != 0; }

  z_stream z{};
  bool had_final_block = false;
};

// RFC 7692 7.2.3.4 lets a message contain a block with BFINAL set, behind which another row of
// blocks follows that may still refer to what was before.
void Inflater::Stream::begin_again_behind_final_block() {
  inflateResetKeep(&z);  // in every zlib since 1.2.6; it keeps the window
  had_final_block = false;
}

namespace {

// How far the buffer is to grow: never much beyond the limit.
std::size_t enough(const base::StringBuffer& to, std::size_t limit) {
  const std::size_t doubled = to.capacity() * 2;
  return limit < doubled - to.size() ? to.size() + limit + 1 : doubled;
}

}  // namespace

Inflater::Result Inflater::Stream::run(std::string_view input, int flush, base::StringBuffer& to,
                                       std::size_t limit, std::size_t most) {
  z.next_in = as_input(input);
  z.avail_in = static_cast<uInt>(input.size());
  for (;;) {
    if (had_final_block) {
      if (z.avail_in == 0) return Result::ok;
      begin_again_behind_final_block();
    }
    if (most == 0) return Result::more;
    const std::size_t guess =
        std::clamp(std::max(to.size(), input.size() * 4), least_room, most_room);
    const std::size_t wanted = std::min(guess, most);
    // One byte over the limit shows that there is more.
    const std::size_t room = limit < wanted ? limit + 1 : wanted;
    z.next_out = as_bytes(to.prepare(room, enough(to, limit)));
    z.avail_out = static_cast<uInt>(room);
    const int result = ::inflate(&z, flush);
    const std::size_t made = room - z.avail_out;
    to.commit(std::min(made, limit));
    if (made > limit) return Result::too_big;
    limit -= made;
    most -= made;
    switch (result) {
      case Z_STREAM_END:
        had_final_block = true;
        break;
      case Z_OK:
      case Z_BUF_ERROR:  // it wants more, of input or of room
        if (z.avail_in == 0 && z.avail_out > 0) return Result::ok;
        break;
      case Z_MEM_ERROR:
        throw std::bad_alloc();
      default:
        return Result::invalid;
    }
  }
}

Inflater::Inflater(const DeflateSide& peer) : side_(peer) {}
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;
Inflater::~Inflater() = default;

Inflater::Result Inflater::inflate_some(std::string_view& piece, base::StringBuffer& to,
                                        std::size_t limit, std::size_t most) {
  if (!stream_) stream_ = std::make_unique<Stream>();
  const std::size_t before = to.size();
  Result result = Result::ok;
  do {
    const std::string_view now = piece.substr(0, most_input);
    const std::size_t made = to.size() - before;
    result = stream_->run(now, Z_SYNC_FLUSH, to, limit - made, most - made);
    piece.remove_prefix(now.size() - stream_->z.avail_in);
  } while (!piece.empty() && result == Result::ok);
  return result;
}

// RFC 7692 7.2.2: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the
// message." A message that ends with a final block needs none.
Inflater::Result Inflater::end_message(base::StringBuffer& to, std::size_t limit) {
  if (!stream_) stream_ = std::make_unique<Stream>();
  Stream& stream = *stream_;
  if (stream.had_final_block) {
    stream.begin_again_behind_final_block();
  } else {
    const Result result =
        stream.run(tail, Z_BLOCK, to, limit, std::numeric_limits<std::size_t>::max());
    if (result != Result::ok) return result;
    if (!stream.is_between_blocks()) return Result::invalid;
    // What the tail completed was an empty final block.
    if (stream.is_behind_final_block()) stream.begin_again_behind_final_block();
  }
  if (side_.no_context_takeover) inflateReset(&stream.z);
  return Result::ok;
}

void Inflater::rest() noexcept {
  if (side_.no_context_takeover) stream_.reset();
}

}  // namespace websocket::protocol
