// The listener behind `support::skip` and the line that ends every test program's output.
#include "support/tally.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>

#include "support/process.hpp"

namespace support {
namespace {

struct Counts {
  bool ran = false;
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  std::string running_case;
  bool running_case_skipped = false;
};

Counts& counts() {
  static Counts instance;
  return instance;
}

class Tally : public doctest::IReporter {
 public:
  explicit Tally(const doctest::ContextOptions&) {}

  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override { counts().ran = true; }
  void test_run_end(const doctest::TestRunStats&) override {
    // After a crash `main` does not go on: then this is the last chance to tell.
    if (crashed_) print_tally();
  }

  void test_case_start(const doctest::TestCaseData& data) override {
    counts().running_case = data.m_name;
    counts().running_case_skipped = false;
    forget_errors_of_ended_processes();
  }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (crashed_ || !stats.testCaseSuccess) {
      ++counts().failed;
      show_errors_of_processes();
    } else if (counts().running_case_skipped) {
      ++counts().skipped;
    } else {
      ++counts().passed;
    }
  }
  void test_case_exception(const doctest::TestCaseException& exception) override {
    crashed_ = crashed_ || exception.is_crash;
  }
  // A case that a filter or decorator leaves out did not run: it is in none of the counts.
  void test_case_skipped(const doctest::TestCaseData&) override {}

  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}

 private:
  bool crashed_ = false;
};

}  // namespace

void skip(std::string_view why) {
  counts().running_case_skipped = true;
  std::printf("skipped: %s: %.*s\n", counts().running_case.c_str(), static_cast<int>(why.size()),
              why.data());
  std::fflush(stdout);
}

void register_tally() { doctest::registerReporter<Tally>("tally", 0, false); }

void print_tally() {
  const Counts& count = counts();
  if (!count.ran) return;
  std::printf("%d passed, %d failed", count.passed, count.failed);
  if (count.skipped > 0) std::printf(", %d skipped", count.skipped);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace support
