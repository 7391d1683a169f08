// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/environment.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/yaml.hpp>

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::ops::mirror {

/// A position in a file: its line, and its key as in "mirrors[0].tags.include[1]".
struct Spot {
  int line = 0;
  std::string key;

  [[nodiscard]] Spot member(std::string_view name, int member_line) const;
  [[nodiscard]] Spot item(std::size_t index, int item_line) const;
};

/// Whether the files and variables that a mirror file names (passwords, certificates) must exist.
enum class References { unchecked, checked };

/// A value after the substitution of "${NAME}".
struct ConfigText {
  std::string value;
  bool is_substituted = false; ///< may be a secret: never to be printed
};

/// Reads the values of a file and collects all mistakes, so that they are reported together.
class ConfigReader {
public:
  ConfigReader(std::string_view file, const Environment& environment, References references)
      : file_(file), environment_(environment), references_(references) {}

  void complain(const Spot& spot, const std::string& what);

  /// Throws Error{usage} with all complaints in the order of their lines, if there are any.
  void finish() const;

  /// Replaces "${NAME}" and "${NAME:-default}"; "$${" stands for "${". For a variable that is not
  /// set and has no default, complains and returns nothing.
  std::optional<ConfigText> substitute(const std::string& written, const Spot& spot);

  /// A scalar after substitution; for anything else complains and returns nothing.
  std::optional<ConfigText> text(const Yaml& yaml, const Spot& spot);

  /// Parsers for the name of an existing file, and of a variable that is set. If references are
  /// checked, they throw Error{usage} for a missing one.
  [[nodiscard]] std::string parse_file(const std::string& text) const;
  [[nodiscard]] std::string parse_variable(const std::string& text) const;

  /// Calls `body`, which parses a text. Turns an Error into a complaint, which does not show
  /// substituted values.
  template <class Body> void attempt(const ConfigText& text, const Spot& spot, Body&& body) {
    try {
      body(text.value);
    } catch (const Error& error) {
      complain_about(text, spot, error);
    }
  }

private:
  struct Mistake {
    int line;
    std::string text;
  };

  void complain_about(const ConfigText& text, const Spot& spot, const Error& error);
  std::optional<std::string> look_up(std::string_view variable, const Spot& spot);

  std::string file_;
  const Environment& environment_;
  References references_;
  std::vector<Mistake> mistakes_;
};

/// A mapping. After all its keys were taken, finish() finds the unknown ones.
class ConfigSection {
public:
  /// Complains if `yaml` is not a mapping, and about duplicate keys.
  ConfigSection(const Yaml& yaml, Spot spot, ConfigReader& reader);

  [[nodiscard]] const Spot& spot() const noexcept { return spot_; }
  [[nodiscard]] ConfigReader& reader() const noexcept { return reader_; }

  /// The member of that name, or nullptr. Its key is known from now on.
  const YamlMember* take(std::string_view key);
  /// The same, with a complaint if it is missing.
  const YamlMember* require(std::string_view key);
  [[nodiscard]] Spot spot_of(const YamlMember& member) const;

  /// Reads the text of the member `key`, if there is one, with `parse`.
  template <class Target, class Parse>
  void read(std::string_view key, Target& target, Parse&& parse) {
    if (const auto* member = take(key)) {
      const auto spot = spot_of(*member);
      if (const auto text = reader_.text(member->value, spot)) {
        reader_.attempt(*text, spot, [&](const std::string& value) { target = parse(value); });
      }
    }
  }

  /// Reads a list of texts, or one text, with `parse` for each; replaces what is in `target`.
  template <class Item, class Parse>
  void read_list(std::string_view key, std::vector<Item>& target, Parse&& parse) {
    if (const auto* member = take(key)) {
      read_items(member->value, spot_of(*member), reader_, target, parse);
    }
  }

  template <class Item, class Parse>
  static void read_items(const Yaml& yaml, const Spot& spot, ConfigReader& reader,
                         std::vector<Item>& target, Parse&& parse) {
    target.clear();
    const auto add = [&](const Yaml& item, const Spot& item_spot) {
      if (const auto text = reader.text(item, item_spot)) {
        reader.attempt(*text, item_spot,
                       [&](const std::string& value) { target.push_back(parse(value)); });
      }
    };
    if (yaml.kind != Yaml::Kind::list) {
      add(yaml, spot);
      return;
    }
    for (std::size_t i = 0; i < yaml.items.size(); ++i) {
      add(yaml.items[i], spot.item(i, yaml.items[i].line));
    }
  }

  /// Complains about all keys that were not taken.
  void finish();

private:
  const Yaml& yaml_;
  Spot spot_;
  ConfigReader& reader_;
  std::set<std::string, std::less<>> known_;
};

/// Parsers of plain values. They throw Error{usage}.
std::string parse_text(const std::string& text);
bool parse_flag(const std::string& text);
std::size_t parse_count(const std::string& text); ///< from 1 to a million
std::size_t parse_jobs(const std::string& text);  ///< within the limits of --jobs

} // namespace regctl::ops::mirror
