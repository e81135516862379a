#include "life/outcomes.hpp"

#include <array>
#include <stdexcept>

namespace life {
namespace {

// The situations between which no operation tells a difference.
enum Column : std::uint8_t { idle, connecting, open, blocked, closing, waiting, closed, columns };

Column column_of(Situation situation) {
  switch (situation) {
    case Situation::idle:
      return idle;
    case Situation::resolving:
    case Situation::connecting:
    case Situation::tls:
    case Situation::handshake:
      return connecting;
    case Situation::open:
    case Situation::half_a_frame:
    case Situation::half_a_message:
      return open;
    case Situation::write_blocked:
      return blocked;
    case Situation::closing:
    case Situation::closed_by_server:
      return closing;
    case Situation::waiting:
      return waiting;
    case Situation::closed:
      return closed;
  }
  return idle;
}

struct Row {
  Operation operation;
  std::array<const char*, columns> says;
};

using enum Operation;

// clang-format off
constexpr Row table[] = {
//                       idle           connecting     open           write blocked  closing        waiting        closed
  {send,                {"closed",      "closed",      "queued",      "queued",      "closed",      "closed",      "closed"}},
  {send_invalid_text,   {"invalid",     "invalid",     "invalid",     "invalid",     "invalid",     "invalid",     "invalid"}},
  {send_bytes,          {"closed",      "closed",      "queued",      "queued",      "closed",      "closed",      "closed"}},
  {send_too_much,       {"closed",      "closed",      "queued",      "buffer_full", "closed",      "closed",      "closed"}},
  {send_wait,           {"closed",      "closed",      "queued",      "queued",      "closed",      "closed",      "closed"}},
  {send_wait_too_much,  {"closed",      "closed",      "queued",      "buffer_full", "closed",      "closed",      "closed"}},
  {send_fragment,       {"closed",      "closed",      "queued",      "queued",      "closed",      "closed",      "closed"}},
  {ping,                {"closed",      "closed",      "queued",      "queued",      "closed",      "closed",      "closed"}},
  {ping_too_long,       {"invalid",     "invalid",     "invalid",     "invalid",     "invalid",     "invalid",     "invalid"}},
  {close,               {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
  {close_with_code,     {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
  {close_with_bad_code, {"invalid_argument", "invalid_argument", "invalid_argument", "invalid_argument", "invalid_argument", "invalid_argument", "invalid_argument"}},
  {start,               {"returned",    "logic_error", "logic_error", "logic_error", "logic_error", "logic_error", "returned"}},
  {run_forever,         {"false",       "logic_error", "logic_error", "logic_error", "logic_error", "logic_error", "false"}},
  {wait,                {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
  {wait_for,            {"true",        "false",       "false",       "false",       "false",       "false",       "true"}},
  {reconnect_now,       {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
  {assign_handlers,     {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
  {state,               {"idle",        "connecting",  "open",        "open",        "closing",     "waiting",     "closed"}},
  {buffered_amount,     {"nothing",     "nothing",     "nothing",     "something",   "nothing",     "nothing",     "nothing"}},
  {latency,             {"nothing",     "nothing",     "nothing",     "nothing",     "nothing",     "nothing",     "nothing"}},
  {facts,               {"nothing",     "nothing",     "nothing",     "nothing",     "nothing",     "nothing",     "nothing"}},
  {destroy,             {"returned",    "returned",    "returned",    "returned",    "returned",    "returned",    "returned"}},
};
// clang-format on

const char* said(Operation operation, Column column) {
  for (const Row& row : table) {
    if (row.operation == operation) return row.says[column];
  }
  throw std::logic_error("an operation without a row");
}

// Where an operation leads from there, while another one looks.
std::vector<Column> leads_to(Operation operation, Column from) {
  const bool runs = from != idle && from != closed;
  if (ends_the_run(operation)) return runs ? std::vector{closing, closed} : std::vector<Column>{};
  if (!runs && (operation == start || operation == run_forever)) {
    return {connecting, open, closing, closed};
  }
  if (from == waiting && operation == reconnect_now) return {connecting};
  const bool fills = operation == send_too_much || operation == send_wait_too_much;
  if (from == open && (fills || operation == Operation::send || operation == send_bytes ||
                       operation == send_wait || operation == send_fragment || operation == ping)) {
    return {blocked};  // for as long as the system has not taken it
  }
  return {};
}

struct EndRow {
  Situation situation;
  const char* after_close;     // on_close says
  const char* after_4001;      // after close(4001, "enough")
  std::array<int, 3> on_wire;  // the code that reaches the server after close(), 4001, destruction
};

constexpr EndRow ends[] = {
    {Situation::idle, "", "", {}},
    {Situation::resolving, "close 1006", "close 1006", {}},
    {Situation::connecting, "close 1006", "close 1006", {}},
    {Situation::tls, "close 1006", "close 1006", {}},
    {Situation::handshake, "close 1006", "close 1006", {}},
    {Situation::open, "close 1000, clean", "close 4001 enough, clean", {1000, 4001, 1001}},
    {Situation::half_a_frame, "close 1006", "close 1006", {1000, 4001, 1001}},
    {Situation::half_a_message, "close 1006", "close 1006", {1000, 4001, 1001}},
    {Situation::write_blocked, "close 1006", "close 1006", {}},
    {Situation::closing, "close 1006", "close 1006", {}},
    {Situation::closed_by_server,
     "close 1001 bye, clean, by peer",
     "close 1001 bye, clean, by peer",
     {}},
    {Situation::waiting, "close 1006", "close 1006", {}},
    {Situation::closed, "", "", {}}};

}  // namespace

std::string said_in(Operation operation, Situation situation) {
  return said(operation, column_of(situation));
}

std::vector<std::string> said_beside(Operation operation, Operation other, Situation situation) {
  const Column column = column_of(situation);
  std::vector<std::string> all = {said(operation, column)};
  for (const Column then : leads_to(other, column)) all.emplace_back(said(operation, then));
  return all;
}

End end_after(Operation operation, Situation situation) {
  for (const EndRow& row : ends) {
    if (row.situation != situation) continue;
    const std::size_t which = operation == close_with_code      ? 1
                              : operation == Operation::destroy ? 2
                                                                : 0;
    End end;
    if (row.on_wire[which] != 0) end.close_code = row.on_wire[which];
    const std::string told = which == 1 ? row.after_4001 : row.after_close;
    if (which != 2 && !told.empty()) end.events.push_back(told);
    return end;
  }
  throw std::logic_error("a situation without a row");
}

bool ends_the_run(Operation operation) {
  return operation == close || operation == close_with_code || operation == wait ||
         operation == destroy;
}

bool begins_a_run(Operation operation, Situation situation) {
  return (operation == start || operation == run_forever) &&
         (situation == Situation::idle || situation == Situation::closed);
}

std::string words(const websocket::CloseInfo& info) {
  return "close " + std::to_string(info.code) + (info.reason.empty() ? "" : " " + info.reason) +
         (info.clean ? ", clean" : "") + (info.by_peer ? ", by peer" : "") +
         (info.will_reconnect ? ", again" : "");
}

}  // namespace life
