// A session's bytes: between the stream and the protocol core.
#include "engine/session.hpp"

#include <utility>

#include "base/meanwhile.hpp"
#include "engine/time_mark.hpp"

namespace websocket::engine {
namespace {

// After that much the loop's other connections have their turn.
constexpr std::size_t most_per_turn = std::size_t{1} << 20U;

base::Failure lost(const std::error_code& error) {
  return {Errc::connection_lost, "the connection was lost: " + error.message(), error};
}

}  // namespace

// ---- in

// We live until this has returned, whatever happens meanwhile: see finish().
void Session::ready_to_read() { read_what_is_there(); }

void Session::read_what_is_there() {
  {
    const base::Meanwhile meanwhile(in_read_turn_, true);
    for (std::size_t read = 0; read < most_per_turn;) {
      const std::size_t size = read_once();
      if (size == 0 || loop_.is_wanted_back()) break;
      read += size;
    }
  }
  wait_for_more();
}

// What was read before has to be pulled first. What tells no messages is read in any case: there are deadlines for
// the answer to the handshake and for the end.
bool Session::may_read() const noexcept {
  const bool is_paused = reading_is_paused_ && protocol_->listens();
  return !ended_ && !reading_is_over_ && !is_paused && !protocol_->has_input();
}

// How much came, where there may be more to read at once; else nothing.
std::size_t Session::read_once() {
  if (!may_read()) return 0;
  const bool at_frame = protocol_->handshake_done() && protocol_->between_frames();
  const std::span<char> into = protocol_->prepare(loop_.read_buffer());
  const net::IoResult result = stream_->read(into);
  protocol_->commit(result.size);
  switch (result.status) {
    case net::IoStatus::would_block:
      return 0;
    case net::IoStatus::ok:
      ++signs_of_life_;
      if (WireTrace* const wire = wire_trace())
        wire->received({into.data(), result.size}, at_frame);
      break;
    case net::IoStatus::end:
    case net::IoStatus::failed:
      reading_has_ended(result);
      break;
  }
  notify();
  if (ended_) return 0;
  flush();
  return result.status == net::IoStatus::ok && !result.drained ? result.size : 0;
}

void Session::reading_has_ended(const net::IoResult& result) {
  reading_is_over_ = true;
  if (result.status == net::IoStatus::failed) {
    protocol_->commit_eof(lost(result.error));
  } else {
    protocol_->commit_eof();
  }
}

void Session::settle() {
  flush();
  wait_for_more();
}

// Asks to be told of what comes, unless somebody has to pull first.
void Session::wait_for_more() {
  if (!stream_ || !may_read()) return;
  if (protocol_->in_body()) arm_body_timer();
  stream_->wait_to_read();
}

void Session::pause_reading(bool paused) {
  const bool goes_on = std::exchange(reading_is_paused_, paused) && !paused;
  if (!goes_on) return;
  notify();
  if (!in_read_turn_ && !ended_) settle();
}

// ---- out

bool Session::send(Opcode opcode, std::string_view payload) {
  if (!protocol::is_control(opcode)) touch_idle_timer();
  if (ended_ || !protocol_) return false;
  if (opcode == Opcode::ping) return protocol_->ping(payload, time_mark(loop_.now()));
  return protocol_->send(opcode, payload);
}

bool Session::send_frames(protocol::FrameBatch& batch) {
  const bool is_pings_alone = batch.pings && batch.messages == 0;
  if (!is_pings_alone) touch_idle_timer();
  return !ended_ && protocol_ && protocol_->send_frames(batch);
}

void Session::add_last_words() {
  if (owner_ == nullptr) return;
  std::size_t before = 0;
  do {
    before = protocol_->output().size();
    owner_->session_has_room();
  } while (protocol_->output().size() != before);
}

void Session::ready_to_write() {
  const std::uint64_t written_before = written_;
  flush();
  // The peer took what was stuck, so it is there, although no ping could get through to it.
  if (written_ != written_before) ++signs_of_life_;
}

// Whether there is something to write; where nothing was, the owner may have more.
bool Session::has_more_to_write() {
  if (writing_is_over_) return false;
  if (protocol_->has_output()) return true;
  if (owner_ != nullptr) owner_->session_has_room();
  return !ended_ && protocol_->has_output();  // the owner may have had enough
}

void Session::flush() {
  if (ended_ || !stream_) return;
  bool has_written = false;
  while (has_more_to_write() && write_once(protocol_->output())) has_written = true;
  if (ended_) return;
  if (has_written) {
    if (owner_ != nullptr) owner_->session_has_left(protocol_->unsent_bytes());
    if (ended_) return;
    protocol_->rest_output();
  }
  look_at_memory();
  // The peer broke the rules and knows why: there is nothing more to tell it.
  if (protocol_->failed() && !protocol_->has_output() && !std::exchange(writing_is_over_, true)) {
    stream_->shut_down_sending();
  }
}

// Whether it is worth going on.
bool Session::write_once(std::string_view bytes) {
  const net::IoResult result = stream_->write(bytes);
  switch (result.status) {
    case net::IoStatus::ok:
      if (protocol_->sends_frames()) {
        if (WireTrace* const wire = wire_trace()) {
          wire->sent(bytes.substr(0, result.size), !output_is_cut_);
        }
      }
      output_is_cut_ = result.size < bytes.size();
      written_ += result.size;
      protocol_->consume_output(result.size);
      return true;
    case net::IoStatus::would_block:
      stream_->wait_to_write();
      return false;
    case net::IoStatus::end:
    case net::IoStatus::failed:
      // Reading tells how the connection ended; a Close frame may be waiting there.
      writing_is_over_ = true;
      return false;
  }
  return false;
}

}  // namespace websocket::engine
