// A stream of frames, RFC 6455 5: any bytes, in any cuts, bare or behind the handshake, with
// fragments, in pieces or whole, are told alike, and as the reference reader tells them.
//
// Input: settings (listener.hpp), cuts (input.hpp), then the stream.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/input.hpp"
#include "fuzz/listener.hpp"
#include "fuzz/outcome.hpp"
#include "fuzz/reference_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  Input input(data, size);
  const Settings settings = take_settings(input);
  const Cuts cuts = take_cuts(input);
  const std::string_view stream = input.rest();

  const Outcome at_once = listen(settings, stream, {});
  require_same(at_once, ReferenceReader(settings, stream).read(),
               "frames are read as RFC 6455 says");
  require_same(listen(settings, stream, {.cuts = cuts}), at_once, "cuts change nothing");
  require_same(listen(settings, stream, {.cuts = cuts, .behind_head = true}), at_once,
               "what comes right behind the handshake is told as ever");
  require_same(listen(settings, stream,
                      {.cuts = cuts, .taking_the_short_way = true, .taking_strings = true}),
               at_once, "the short way leads to the same");
  constexpr std::size_t short_enough = 2048;
  if (stream.size() <= short_enough) {
    require_same(listen(settings, stream, {.cuts = byte_by_byte}), at_once,
                 "bytes that come one by one are told as ever");
  }
  require_late(listen(settings, stream, {.cuts = cuts, .drain = Drain::late}), at_once);

  Settings other = settings;
  other.fragments_wanted = !settings.fragments_wanted;
  const Outcome messages = put_together(at_once);
  require_same(put_together(listen(other, stream, {.cuts = cuts})), messages,
               "fragments are the pieces of messages");
  require_same(put_together(listen(settings, stream, {.cuts = cuts, .in_pieces = true})), messages,
               "pieces make the messages they are of");
  require_same(put_together(listen(settings, stream, {.cuts = cuts, .changing_its_mind = true})),
               messages, "whoever wants now this and now that misses nothing");
  return 0;
}
