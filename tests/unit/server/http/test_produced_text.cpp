// SPDX-License-Identifier: Apache-2.0
#include "server/http/produced_text.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

/// The words one after the other, some of them empty.
class Words final : public regctl::server::ProducedText {
public:
  explicit Words(std::vector<std::string> words) : words_(std::move(words)) {}

private:
  bool add_to(std::string& text) override {
    if (next_ == words_.size()) {
      return false;
    }
    text += words_[next_++];
    return true;
  }

  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

const std::vector<std::string> k_words = {"", "one", "", "", "two and ", "three", ""};

} // namespace

TEST_SUITE_BEGIN("server/http/produced_text");

TEST_CASE("the text is read whole in pieces of any size, and ends once") {
  for (const std::size_t piece : {1U, 7U, 65'536U}) {
    for (const std::size_t ahead : {0U, 1U, 5U, 1000U}) {
      CAPTURE(piece);
      CAPTURE(ahead);
      Words source(k_words);
      CHECK(source.prepare(ahead) == (ahead == 1000));
      std::string text;
      std::vector<std::byte> buffer(piece);
      while (const auto n = source.read(buffer)) {
        text.append(reinterpret_cast<const char*>(buffer.data()), n);
      }
      CHECK(text == "onetwo and three");
      CHECK(source.read(buffer) == 0);
    }
  }
}

TEST_CASE("text that was prepared can be taken whole") {
  Words source(k_words);
  REQUIRE(source.prepare(1000));
  CHECK(source.take() == "onetwo and three");
}

TEST_SUITE_END();
