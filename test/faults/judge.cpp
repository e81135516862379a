// What must hold for every attempt to connect, whatever happened to it.
#include <utility>

#include "caller.hpp"

namespace faults {
namespace {

class Findings {
 public:
  void unless(bool holds, const char* what) {
    if (!holds) findings_.emplace_back(what);
  }
  std::vector<std::string> take() { return std::move(findings_); }

 private:
  std::vector<std::string> findings_;
};

void judge_what_was_told(const Attempt& attempt, Findings& findings) {
  findings.unless(!attempt.out_of_order, "a handler ran where it must not");
  findings.unless(attempt.opened <= 1, "it opened more than once");
  findings.unless(attempt.closes == attempt.opened,
                  "on_close did not come once for each connection that was open");
  findings.unless(attempt.errors <= 1, "more than one on_error");
  const bool is_over_by_us = attempt.hung_up || attempt.ends_the_run;
  if (attempt.opened == 0) {
    findings.unless(attempt.errors == 1 || is_over_by_us, "a failed attempt without its on_error");
  } else if (!attempt.info.clean) {
    findings.unless(attempt.errors == 1 || is_over_by_us, "a lost connection without its on_error");
    findings.unless(attempt.info.code == 1006 || attempt.info.by_peer || attempt.hung_up,
                    "neither clean nor 1006");
  } else {
    findings.unless(attempt.errors == 0, "a clean end with an on_error");
  }
  if (!is_over_by_us) {
    findings.unless(attempt.errors == 0 || attempt.error_reconnects,
                    "on_error said that no other attempt follows");
    findings.unless(attempt.closes == 0 || attempt.info.will_reconnect,
                    "on_close said that no other attempt follows");
  }
}

void judge_messages(const Attempt& attempt, std::size_t got, Findings& findings) {
  const websocket::CloseInfo& info = attempt.info;
  findings.unless(attempt.wrong_echoes == 0, "an echo with a gap, a repetition, or other words");
  findings.unless(attempt.echoed <= got, "more echoes than messages the server got");
  findings.unless(info.unsent_messages + info.unconfirmed_messages <= attempt.queued,
                  "more messages unsent and unconfirmed than there were");
  if (info.unsent_messages + info.unconfirmed_messages > attempt.queued) return;
  const std::size_t sent = attempt.queued - info.unsent_messages;
  const std::size_t confirmed = sent - info.unconfirmed_messages;
  findings.unless(got <= sent, "the server got messages that are told as not sent");
  findings.unless(confirmed <= got, "messages are told as confirmed that the server did not get");
  findings.unless(attempt.surely_read <= confirmed,
                  "messages before an answered ping are told as unconfirmed");
  if (!info.clean || info.by_peer) return;
  findings.unless(confirmed == attempt.queued,
                  "our Close frame was answered, and yet not all is confirmed");
}

}  // namespace

std::vector<std::string> judge(const Attempt& attempt, std::optional<std::size_t> got) {
  Findings findings;
  judge_what_was_told(attempt, findings);
  if (attempt.opened > 0) {
    findings.unless(got.has_value(), "the server has no record of it");
    if (got) judge_messages(attempt, *got, findings);
  } else {
    findings.unless(attempt.queued == 0, "messages were taken on a connection that never opened");
  }
  return findings.take();
}

std::string describe(const Attempt& attempt) {
  std::string text = "attempt " + attempt.name + ":";
  for (const std::string& what : attempt.told) text += " " + what + " |";
  const auto add = [&text](const char* what, std::size_t count) {
    text += std::string(" ") + what + " " + std::to_string(count);
  };
  add("queued", attempt.queued);
  add("echoed", attempt.echoed);
  add("surely read", attempt.surely_read);
  add("unsent", attempt.info.unsent_messages);
  add("unconfirmed", attempt.info.unconfirmed_messages);
  return text;
}

}  // namespace faults
