// Sessions that are valid, or nearly: frames described in session.hpp, which session_mutator.cpp
// changes as a hostile server would, told as the reference reader tells them.
#include <cstddef>
#include <cstdint>

#include "fuzz/input.hpp"
#include "fuzz/listener.hpp"
#include "fuzz/outcome.hpp"
#include "fuzz/reference_reader.hpp"
#include "fuzz/session.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  const Session session = read_session(data, size);
  const Stream stream = make_stream(session);
  const Settings settings = settings_of(session, stream);
  const std::size_t piece = session.pieces % 64;
  const Cuts cuts = piece == 0 ? whole : Cuts{piece, 1, 2 * piece};
  const bool behind_head = (session.way & 1U) != 0;

  const Outcome expected = ReferenceReader(settings, stream.bytes).read();
  const Outcome at_once = listen(settings, stream.bytes, {.behind_head = behind_head});
  require_same(at_once, expected, "a session is read as RFC 6455 says");
  // Many cuts of long sessions take long and tell little.
  constexpr std::size_t short_enough = 8192;
  const bool cut_finely = stream.bytes.size() <= short_enough;
  Manner manner = {.cuts = cut_finely ? cuts : Cuts{1, 4096, 16384, 13},
                   .behind_head = behind_head};
  require_same(listen(settings, stream.bytes, manner), expected,
               "a session in cuts is read as RFC 6455 says");
  manner.in_pieces = true;
  require_same(put_together(listen(settings, stream.bytes, manner)), put_together(expected),
               "pieces make the messages they are of");
  if ((session.way & 2U) != 0) {
    require_late(listen(settings, stream.bytes, {.drain = Drain::late}), at_once);
  }
  return 0;
}
