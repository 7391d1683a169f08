// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/http/challenge.hpp>

#include <optional>

namespace regctl::http {

namespace {

bool is_token_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

class Reader {
public:
  explicit Reader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }

  bool take(char c) {
    if (at_end() || text_[position_] != c) {
      return false;
    }
    ++position_;
    return true;
  }

  void skip_spaces() {
    while (take(' ') || take('\t')) {
    }
  }

  std::string token() {
    return take_while([](char c) { return is_token_character(c); });
  }

  /// The value after '=': quoted, or all characters up to a comma or space, because real servers
  /// write realm=https://host/path without quotes. Nothing if a quote is not closed.
  std::optional<std::string> value() {
    if (!take('"')) {
      return take_while([](char c) { return c != ',' && c != ' ' && c != '\t'; });
    }
    std::string result;
    while (!at_end()) {
      char c = text_[position_++];
      if (c == '"') {
        return result;
      }
      if (c == '\\' && !at_end()) {
        c = text_[position_++];
      }
      result += c;
    }
    return std::nullopt;
  }

  /// Skips to the next comma outside quotes, or to the end.
  void skip_to_comma() {
    while (!at_end() && text_[position_] != ',') {
      if (text_[position_] == '"') {
        value();
      } else {
        ++position_;
      }
    }
  }

private:
  template <class Predicate> std::string take_while(Predicate predicate) {
    const auto begin = position_;
    while (!at_end() && predicate(text_[position_])) {
      ++position_;
    }
    return std::string(text_.substr(begin, position_ - begin));
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

/// Reads the rest of "name=value" after "name=". Drops the end of bare data ("Negotiate YII==").
void read_parameter(Reader& reader, std::string_view name, Challenge& challenge) {
  reader.skip_spaces();
  const bool is_bare = reader.at_end() || reader.take('=');
  if (auto value = reader.value(); value && !is_bare) {
    challenge.parameters.emplace(lower(name), std::move(*value));
  }
}

} // namespace

std::vector<Challenge> parse_challenges(std::string_view value) {
  std::vector<Challenge> challenges;
  Reader reader(value);
  while (!reader.at_end()) {
    reader.skip_spaces();
    auto word = reader.token();
    reader.skip_spaces();
    // Commas separate both challenges and parameters: a word with '=' after it is a parameter.
    if (!word.empty() && !reader.take('=')) {
      challenges.push_back({lower(word), {}});
      word = reader.token();
      reader.skip_spaces();
      if (word.empty() || !reader.take('=')) {
        word.clear(); // no parameters, or bare data as in "Negotiate YII="
      }
    }
    if (!word.empty() && !challenges.empty()) {
      read_parameter(reader, word, challenges.back());
    }
    reader.skip_to_comma();
    reader.take(',');
  }
  return challenges;
}

} // namespace regctl::http
