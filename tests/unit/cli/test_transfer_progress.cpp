// SPDX-License-Identifier: Apache-2.0
#include "cli/transfer_progress.hpp"
#include "unit/cli/program.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <string>
#include <thread>
#include <vector>

using namespace regctl::cli;
using namespace regctl::test;
using Verb = regctl::ops::Progress::Verb;

namespace {

constexpr std::chrono::hours k_never{24};

/// What a terminal shows after `text`, down to its cursor: understands line ends, "\x1b[NA" (up),
/// "\x1b[B" (down), "\x1b[2K" (this line is empty) and "\x1b[J" (this and all below are).
std::string screen(const std::string& text) {
  std::vector<std::string> lines = {""};
  std::size_t row = 0;
  const auto obey = [&](char command, const std::string& number) {
    if (command == 'A') {
      row -= std::min<std::size_t>(row, std::stoul(number));
    } else if (command == 'B') {
      row = std::min(row + 1, lines.size() - 1);
    } else {
      CHECK((command == 'K' || command == 'J'));
      lines[row].clear();
      lines.resize(command == 'J' ? row + 1 : lines.size());
    }
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') {
      lines.resize(std::max(lines.size(), ++row + 1));
    } else if (text[i] == '\x1b') {
      const auto end = text.find_first_of("ABJK", i);
      obey(text[end], text.substr(i + 2, end - i - 2));
      i = end;
    } else if (text[i] != '\r') {
      lines[row] += text[i];
    }
  }
  std::string shown;
  for (std::size_t i = 0; i <= row; ++i) {
    shown += lines[i] + "\n";
  }
  return shown;
}

} // namespace

TEST_SUITE_BEGIN("cli/transfer_progress");

TEST_CASE("without a terminal it prints the engine's lines") {
  Program program;
  std::ostringstream out;
  auto console = program.make_console(out);
  {
    TransferProgress progress(console, ProgressStyle::lines, k_never);
    progress.expect(3, {100});
    const auto pull = progress.begin(k_id_a, Verb::pulling, 50);
    progress.advance(pull, 50);
    progress.finish(pull);
    const auto push = progress.begin(k_id_b, Verb::pushing, std::nullopt);
    progress.restart(push);
    progress.finish(push);
    progress.skipped(k_id_a, Verb::pushing, 10);
    progress.tagging(k_id_b, "http://localhost:5000/v1/repositories/a/tags/\x1b[0m");
    progress.note("a warning\nin two lines");
    progress.fail(progress.begin(k_id_a, Verb::copying, 1));
  }
  CHECK(program.err() == "aaaaaaaaaaaa: Pulling\n"
                         "aaaaaaaaaaaa: Download complete\n"
                         "bbbbbbbbbbbb: Pushing\n"
                         "bbbbbbbbbbbb: Push complete\n"
                         "Image aaaaaaaaaaaa already pushed, skipping\n"
                         "Pushing tag for rev [bbbbbbbbbbbb] on "
                         "{http://localhost:5000/v1/repositories/a/tags/\\x1b[0m}\n"
                         "regctl: a warning\\nin two lines\n"
                         "aaaaaaaaaaaa: Copying\n");
}

TEST_CASE("on a terminal, lines stay above the bars, and the bars are erased") {
  Program program;
  program.window = {60, 20};
  std::ostringstream out;
  auto console = program.make_console(out);
  {
    TransferProgress progress(console, ProgressStyle::bars, k_never);
    progress.expect(2, {100});
    const auto first = progress.begin(k_id_a, Verb::pulling, 50);
    const auto second = progress.begin(k_id_b, Verb::pulling, 50);
    progress.advance(first, 25);
    progress.note("something");
    const auto shown = screen(program.err());
    CAPTURE(shown);
    CHECK(shown.starts_with("regctl: something\naaaaaaaaaaaa Pulling ["));
    CHECK(shown.find("\nbbbbbbbbbbbb Pulling [") != std::string::npos);
    CHECK(shown.find("\n0 of 2 layers, 25 B of 100 B") != std::string::npos);
    progress.finish(second);
  }
  CHECK(screen(program.err()) == "regctl: something\nbbbbbbbbbbbb: Download complete\n\n");
}

TEST_CASE("bars are erased completely after the window became narrower") {
  Program program;
  program.window = {100, 20};
  std::ostringstream out;
  auto console = program.make_console(out);
  TransferProgress progress(console, ProgressStyle::bars, k_never);
  progress.begin(k_id_a, Verb::pulling, 50);
  progress.note("one"); // draws a line of 99 columns at most, and one of about 30
  program.window = {40, 20};
  progress.note("two");
  // The first line has become up to three rows, the total stays one.
  const auto erased = program.err().rfind("A\r\x1b[2K");
  const auto rows = program.err().substr(erased - 1, 1);
  CHECK(std::stoi(rows) >= 3);
}

TEST_CASE("a drawing is erased row by row, never as a whole screen") {
  Program program;
  std::ostringstream out;
  auto console = program.make_console(out);
  TransferProgress progress(console, ProgressStyle::bars, k_never);
  progress.begin(k_id_a, Verb::pulling, 50);
  progress.note("one");
  progress.note("two");
  // Terminals keep what they erase at once: only what is below the lines may go so.
  CHECK(program.err().find("A\r\x1b[J") == std::string::npos);
  CHECK(program.err().find("A\r\x1b[2K\x1b[B\x1b[2K\x1b[B\x1b[J\x1b[2A") != std::string::npos);
}

TEST_CASE("several threads may report at once") {
  Program program;
  std::ostringstream out;
  auto console = program.make_console(out);
  {
    TransferProgress progress(console, ProgressStyle::bars, std::chrono::milliseconds(1));
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&progress] {
        for (int j = 0; j < 50; ++j) {
          const auto task = progress.begin(k_id_a, Verb::copying, 100);
          progress.advance(task, 100);
          progress.finish(task);
        }
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 200; ++i) {
    expected += "aaaaaaaaaaaa: Copy complete\n";
  }
  CHECK(screen(program.err()) == expected + "\n");
}

TEST_CASE("the totals are printed now and then") {
  Program program;
  std::ostringstream out;
  auto console = program.make_console(out);
  std::promise<void> told;
  {
    // The window is asked for at each drawing, the third of which a timer must have begun.
    int drawings = 0;
    console.window_size = [&] {
      if (++drawings == 3) {
        told.set_value();
      }
      return WindowSize{80, 24};
    };
    TransferProgress progress(console, ProgressStyle::bars, std::chrono::milliseconds(1));
    progress.begin(k_id_a, Verb::pulling, 50);
    told.get_future().wait();
  }
  CHECK(program.err().find("aaaaaaaaaaaa Pulling [") != std::string::npos);
  CHECK(screen(program.err()) == "\n");
}

TEST_CASE("the run's position is printed without a terminal too") {
  const std::string line = "1 of 2 repositories, 3 of 5+ tags\n";
  /// Says when the line was written.
  struct Told final : std::stringbuf {
    explicit Told(std::string text) : line(std::move(text)) {}
    int sync() override {
      if (!is_told && str().find(line) != std::string::npos) {
        is_told = true;
        told.set_value();
      }
      return 0;
    }
    std::string line;
    bool is_told = false;
    std::promise<void> told;
  };
  Program program;
  std::ostringstream out;
  Told told(line);
  std::ostream err(&told);
  const auto usual = program.make_console(out);
  Console console{.out = out,
                  .err = err,
                  .in_is_terminal = false,
                  .out_is_terminal = false,
                  .err_is_terminal = false,
                  .open_in = usual.open_in,
                  .window_size = usual.window_size,
                  .ask = usual.ask,
                  .now = usual.now,
                  .environment = usual.environment};
  {
    TransferProgress progress(console, ProgressStyle::lines, std::chrono::milliseconds(1));
    progress.standing_of_tags("3 of 5+ tags");
    progress.standing("1 of 2 repositories", 0.5);
    told.told.get_future().wait();
  }
  CHECK(told.is_told);
}

TEST_SUITE_END();
