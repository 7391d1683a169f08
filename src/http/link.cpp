// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/text.hpp>
#include <regctl/http/link.hpp>

#include <algorithm>
#include <cstddef>

namespace regctl::http {

namespace {

class LinkReader {
public:
  explicit LinkReader(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return position_ >= text_.size(); }

  bool take(char c) {
    skip_spaces();
    if (at_end() || text_[position_] != c) {
      return false;
    }
    ++position_;
    return true;
  }

  /// The text up to '>', after '<' has been taken. Nothing if there is no '>'.
  std::optional<std::string> target() {
    const auto end = text_.find('>', position_);
    if (end == std::string_view::npos) {
      position_ = text_.size();
      return std::nullopt;
    }
    std::string target(text_.substr(position_, end - position_));
    position_ = end + 1;
    return target;
  }

  /// A parameter's name, or its value without quotes.
  std::string word() {
    skip_spaces();
    const auto end = std::min(text_.find_first_of(" \t;,=\"", position_), text_.size());
    std::string word(text_.substr(position_, end - position_));
    position_ = end;
    return word;
  }

  std::string value() {
    if (!take('"')) {
      return word();
    }
    std::string value;
    while (!at_end() && text_[position_] != '"') {
      position_ += text_[position_] == '\\' && position_ + 1 < text_.size() ? 1 : 0;
      value += text_[position_++];
    }
    position_ += at_end() ? 0 : 1;
    return value;
  }

  /// Skips to one of `stops` outside quotes, or to the end.
  void skip_to(std::string_view stops) {
    while (!at_end() && stops.find(text_[position_]) == std::string_view::npos) {
      if (text_[position_] == '"') {
        value();
      } else {
        ++position_;
      }
    }
  }

private:
  void skip_spaces() {
    while (!at_end() && (text_[position_] == ' ' || text_[position_] == '\t')) {
      ++position_;
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
};

} // namespace

bool Link::is(std::string_view relation) const {
  const auto found = parameters.find("rel");
  if (found == parameters.end()) {
    return false;
  }
  const auto words = split(found->second, ' ');
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return lower(std::string(word)) == relation; });
}

std::vector<Link> parse_links(std::string_view value) {
  std::vector<Link> links;
  LinkReader reader(value);
  while (!reader.at_end()) {
    if (reader.take('<')) {
      Link link;
      auto target = reader.target();
      reader.skip_to(";,");
      while (reader.take(';')) {
        auto name = lower(reader.word());
        auto parameter = reader.take('=') ? reader.value() : std::string();
        if (!name.empty()) {
          link.parameters.emplace(std::move(name), std::move(parameter));
        }
        reader.skip_to(";,");
      }
      if (target) {
        link.target = std::move(*target);
        links.push_back(std::move(link));
      }
    }
    reader.skip_to(",");
    reader.take(',');
  }
  return links;
}

std::optional<std::string> find_next_page(const Headers& headers) {
  for (const auto& value : headers.all("Link")) {
    for (auto& link : parse_links(value)) {
      if (link.is("next")) {
        return std::move(link.target);
      }
    }
  }
  return std::nullopt;
}

} // namespace regctl::http
