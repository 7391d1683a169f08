// SPDX-License-Identifier: Apache-2.0
#include "cli/habits.hpp"

#include "cli/text.hpp"
#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/place.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace regctl::cli {

namespace {

using Words = ForeignCommand::Words;
using Meaning = ForeignFlag::Meaning;

constexpr std::size_t k_longest_name = 3; // words of a command

bool is_flag(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

bool is_any_of(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

const FlagManual* find_in(const std::vector<FlagManual>& flags, std::string_view name) {
  const auto found = std::find_if(flags.begin(), flags.end(), [&](const FlagManual& flag) {
    return std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
  });
  return found == flags.end() ? nullptr : &*found;
}

const ForeignFlag* find_foreign_flag(std::string_view name) {
  for (const auto& flag : foreign_flags()) {
    const auto names = split(flag.names, ',');
    if (std::find(names.begin(), names.end(), name) != names.end()) {
      return &flag;
    }
  }
  return nullptr;
}

const ForeignCommand* find_foreign_command(std::string_view name) {
  for (const auto& command : foreign_commands()) {
    if (command.name == name) {
      return &command;
    }
  }
  return nullptr;
}

/// The host of an image or a registry ("host:5000"); "" for other places.
std::string host_of(const std::string& word) {
  if (Place::has_scheme(word) || is_any_of(word.substr(0, 1), {"/", "."})) {
    return "";
  }
  const auto name = without_registry_scheme(word);
  return std::string(name.substr(0, name.find('/')));
}

/// "--flag=value", or "--flag" without its value, which is the next word.
struct WrittenFlag {
  std::string name;
  std::optional<std::string> value; ///< after the '='

  explicit WrittenFlag(const std::string& word) : name(word.substr(0, word.find('='))) {
    if (name.size() < word.size()) {
      value = word.substr(name.size() + 1);
    }
  }
};

/// Translates another program's command line into regctl's.
class Translation {
public:
  Translation(const Manual& manual, const std::vector<std::string>& arguments)
      : manual_(manual), arguments_(arguments) {}

  /// Whether the command line needs an explanation.
  bool run() {
    find_command();
    if (foreign_ == nullptr && ours_ == nullptr && !leading_.empty()) {
      return false; // the parser suggests the nearest command
    }
    for (at_ = 0; at_ < arguments_.size(); ++at_) {
      if (!take(arguments_[at_])) {
        return false;
      }
    }
    arrange();
    return has_changed_ || foreign_ != nullptr;
  }

  [[nodiscard]] Error error() const {
    return {ErrorKind::usage, message(), has_line() ? before_ + line() + behind_ : hint_};
  }

private:
  void find_command() {
    for (std::size_t i = 0; i < arguments_.size() && leading_.size() < k_longest_name; ++i) {
      const auto& word = arguments_[i];
      if (!is_flag(word)) {
        leading_.push_back(i);
        continue;
      }
      const WrittenFlag flag(word);
      const auto* known = find_in(manual_.global_flags, flag.name);
      const auto* foreign = known == nullptr ? find_foreign_flag(flag.name) : nullptr;
      const bool has_value = (known != nullptr && !known->value.empty()) ||
                             (foreign != nullptr && foreign->value == ForeignFlag::Value::wanted);
      i += has_value && !flag.value ? 1 : 0;
    }
    for (auto count = leading_.size(); count > 0 && foreign_ == nullptr; --count) {
      const auto name = leading_name(count);
      ours_ = manual_.find(name);
      foreign_ = ours_ == nullptr ? find_foreign_command(name) : nullptr;
      if (ours_ != nullptr || foreign_ != nullptr) {
        leading_.resize(count);
        break;
      }
    }
    if (foreign_ != nullptr && foreign_->words != Words::none && foreign_->words != Words::piped) {
      for (const auto& word : split(foreign_->ours, ' ')) {
        (is_flag(word) ? flags_ : command_).push_back(word);
      }
    } else if (ours_ != nullptr) {
      command_ = split(ours_->text.name, ' ');
    }
    std::string name;
    for (const auto& word : command_) {
      name += (name.empty() ? "" : " ") + word;
    }
    target_ = manual_.find(name);
  }

  [[nodiscard]] std::string leading_name(std::size_t count) const {
    std::string name;
    for (std::size_t i = 0; i < count; ++i) {
      name += (i == 0 ? "" : " ") + arguments_[leading_[i]];
    }
    return name;
  }

  /// Takes one word. False for a word that the parser should refuse.
  bool take(const std::string& word) {
    if (std::find(leading_.begin(), leading_.end(), at_) != leading_.end() &&
        (ours_ != nullptr || foreign_ != nullptr)) {
      return true;
    }
    if (is_over_ || !is_flag(word)) {
      take_word(word);
      return true;
    }
    if (word == "--") {
      is_over_ = true;
      return true;
    }
    return take_known(word) || take_foreign(word) || foreign_ != nullptr;
  }

  void take_word(std::string word) {
    const auto lower_case = lower(word);
    const bool is_http = lower_case.starts_with("http://");
    if (is_http || lower_case.starts_with("https://")) {
      add_problem("'" + without_password(word) + "' is a URL, where a registry's name is wanted");
      word = without_password(word.substr(word.find("://") + 3));
      while (word.ends_with('/') || word.ends_with("/v1") || word.ends_with("/v2")) {
        word.resize(word.rfind('/'));
      }
      if (is_http && !is_loopback_host(host_of(word))) {
        plain_hosts_.push_back(host_of(word));
      }
    } else if (word.starts_with("ocidir://")) {
      add_problem("regctl calls an image layout oci:DIR");
      word = "oci:" + word.substr(9);
    } else if (word.starts_with("containers-storage:")) {
      add_problem("regctl does not look into podman's storage");
      const bool is_source = words_.empty();
      (is_source ? before_ : behind_) =
          is_source ? "podman save " + word.substr(19) + " | " : " | podman load";
      word = "-";
    } else if (word.starts_with("dir:")) {
      add_problem("regctl does not read skopeo's dir: folders");
      const auto file = word.substr(4) + ".tar";
      before_ = words_.empty() ? "skopeo copy " + word + " docker-archive:" + file + " && " : "";
      word = file;
    }
    words_.push_back(std::move(word));
  }

  bool take_known(const std::string& word) {
    const WrittenFlag flag(word);
    const auto* known = find_known(flag.name);
    if (known == nullptr && !word.starts_with("--")) {
      known = find_known(word.substr(0, 2)); // "-j7", "-qa"
      if (known != nullptr) {
        flags_.push_back(word);
        return true;
      }
    }
    if (known == nullptr) {
      return false;
    }
    if (flag.name == "--format") {
      take_format(value_of(flag).value_or("json"));
      return true;
    }
    flags_.push_back(word);
    if (!known->value.empty() && !flag.value && at_ + 1 < arguments_.size()) {
      flags_.push_back(arguments_[++at_]);
    }
    return true;
  }

  [[nodiscard]] const FlagManual* find_known(std::string_view name) const {
    const auto* found = target_ == nullptr ? nullptr : find_in(target_->flags, name);
    return found == nullptr ? find_in(manual_.global_flags, name) : found;
  }

  /// Translates --format. A template becomes JSON, for jq. A format of images is dropped.
  void take_format(const std::string& format) {
    const bool is_template = format.find("{{") != std::string::npos ||
                             format.starts_with("jsonpath") || format.starts_with("go-template");
    const bool is_of_images =
        is_any_of(format, {"oci", "v2s1", "v2s2", "docker", "docker-archive", "oci-dir",
                           "oci-archive", "legacy", "tarball", "docker-dir"});
    if (is_template) {
      add_problem("regctl prints tables and JSON, and no '" + format + "'");
    }
    if (is_of_images) {
      add_problem("images keep their format, and the destination says what they are stored in: "
                  "oci:DIR, oci-archive:FILE, docker-archive:FILE");
    } else {
      flags_.insert(flags_.end(), {"--format", is_template ? "json" : format});
    }
  }

  /// The value of a flag: after the '=', or the next word.
  std::optional<std::string> value_of(const WrittenFlag& flag) {
    if (flag.value || at_ + 1 >= arguments_.size()) {
      return flag.value;
    }
    return arguments_[++at_];
  }

  bool take_foreign(const std::string& word) {
    const WrittenFlag written(word);
    const auto* flag = find_foreign_flag(written.name);
    if (flag == nullptr) {
      return false;
    }
    const bool may_have_truth =
        flag->meaning == Meaning::tls || flag->meaning == Meaning::tls_of_end;
    std::optional<std::string> value = written.value;
    if (flag->value == ForeignFlag::Value::wanted ||
        (may_have_truth && at_ + 1 < arguments_.size() && is_truth(arguments_[at_ + 1]))) {
      value = value_of(written);
    }
    const bool is_dropped = flag->meaning == Meaning::drop;
    if (foreign_ == nullptr || is_dropped) {
      add_problem(name() + " has no " + written.name +
                  (is_dropped ? ": " + std::string(flag->ours) : ""));
    }
    apply(*flag, written.name, value);
    return true;
  }

  static bool is_truth(std::string_view word) {
    return is_any_of(word, {"true", "false", "0", "1", "enabled", "disabled", "insecure"});
  }

  void apply(const ForeignFlag& flag, const std::string& name,
             const std::optional<std::string>& value) {
    switch (flag.meaning) {
    case Meaning::rename:
      flags_.emplace_back(flag.ours);
      if (flag.value == ForeignFlag::Value::wanted) {
        flags_.push_back(value.value_or(""));
      }
      break;
    case Meaning::drop:
      names_mirror_file_ = names_mirror_file_ || is_any_of(name, {"--images", "--auth"});
      break;
    case Meaning::from_file:
    case Meaning::to_file:
      apply_file(flag.meaning, value.value_or(""));
      break;
    case Meaning::tls:
      if (value && is_any_of(*value, {"false", "0", "insecure"})) {
        flags_.emplace_back("--insecure");
      } else if (value == "disabled") {
        flags_.emplace_back("--plain-http");
      }
      break;
    case Meaning::tls_of_end:
      if (const auto asked = flag.ours.empty() ? value.value_or("true") : std::string(flag.ours);
          !is_any_of(asked, {"true", "1", "enabled"})) {
        (is_source_flag(name) ? source_.setting : destination_.setting) =
            asked == "http" ? "plain_http" : "insecure";
      }
      break;
    case Meaning::login:
      flags_.insert(flags_.end(), {"--username", user_of(value), "--password-stdin"});
      break;
    case Meaning::login_of_end:
      (is_source_flag(name) ? source_.user : destination_.user) = user_of(value);
      break;
    case Meaning::secret:
      wants_password_ = true;
      break;
    case Meaning::variable:
      before_ += std::string(flag.ours) + "=" + value.value_or("") + " ";
      break;
    case Meaning::json:
      flags_.insert(flags_.end(), {"--format", "json"});
      break;
    }
  }

  static bool is_source_flag(std::string_view name) {
    return name.starts_with("--s") || name.starts_with("--from");
  }

  /// The user name alone, without the password after the colon.
  static std::string user_of(const std::optional<std::string>& value) {
    return value.value_or("").substr(0, value.value_or("").find(':'));
  }

  void apply_file(Meaning meaning, const std::string& value) {
    const bool moves =
        target_ != nullptr && is_any_of(target_->text.name, {"pull", "push", "copy", "mirror"});
    if (is_any_of(value, {"docker", "dir", "yaml"})) {
      return; // the kinds of places of skopeo sync
    }
    if (!moves && is_any_of(value, {"json", "yaml", "wide", "table", "text", "name"})) {
      flags_.insert(flags_.end(),
                    {"--format", value == "table" || value == "text" ? "table" : "json"});
    } else if (!moves && meaning == Meaning::to_file) {
      behind_ = " > " + value;
    } else {
      (meaning == Meaning::from_file ? from_ : to_) = value;
    }
  }

  void add_problem(const std::string& problem) {
    has_changed_ = true;
    problems_ += (problems_.empty() ? "" : "; ") + problem;
  }

  /// Puts words and files into regctl's order.
  void arrange() {
    if (from_) {
      words_.insert(words_.begin(), *from_);
    }
    if (foreign_ != nullptr && foreign_->words == Words::swapped && words_.size() == 2) {
      std::swap(words_.front(), words_.back());
    }
    if (to_) {
      words_.push_back(*to_);
    } else if (foreign_ != nullptr && foreign_->words == Words::to_stdout && words_.size() == 1) {
      words_.emplace_back("-");
    }
    if (foreign_ != nullptr && foreign_->words == Words::to_engine && words_.size() < 2) {
      if (words_.empty()) {
        words_.emplace_back("-");
      }
      words_.emplace_back("docker-daemon:");
    }
    if (foreign_ != nullptr && foreign_->words == Words::piped) {
      arrange_pipe();
    }
    arrange_ends();
    fill_in_settings();
  }

  /// Finds the image of "docker run" among words that may be values of its flags.
  void arrange_pipe() {
    const auto image = std::find_if(words_.begin(), words_.end(), [](const std::string& word) {
      return !is_flag(word) && word.find('/') != std::string::npos && word.front() != '/';
    });
    hint_ = "see regctl --help";
    if (image != words_.end()) {
      words_ = {*image, "-"};
      command_ = {"pull"};
      behind_ = " | docker load";
    }
  }

  /// Translates options about one end, since regctl's flags apply to both.
  void arrange_ends() {
    for (const auto* end : {&source_, &destination_}) {
      const auto host =
          words_.empty() ? "" : host_of(end == &source_ ? words_.front() : words_.back());
      const auto shown = host.empty() ? std::string("HOST[:PORT]") : host;
      if (!end->user.empty()) {
        before_ += typed_line({"login", shown, "--username", end->user}) + " && ";
      }
      if (!end->setting.empty()) {
        mark_host(shown, end->setting);
      }
    }
  }

  void fill_in_settings() {
    const auto hosts = static_cast<std::size_t>(
        std::count_if(words_.begin(), words_.end(), [](const std::string& word) {
          return !host_of(word).empty() && word != "-";
        }));
    const bool is_all = plain_hosts_.size() >= hosts;
    for (const auto& host : plain_hosts_) {
      if (!is_all) {
        mark_host(host, "plain_http");
      }
    }
    if (!plain_hosts_.empty() && is_all) {
      flags_.emplace_back("--plain-http");
    }
    if (wants_password_ &&
        std::find(flags_.begin(), flags_.end(), "--password-stdin") == flags_.end()) {
      flags_.emplace_back("--password-stdin");
    }
  }

  /// Names a setting for one host in the configuration. A flag would apply to the other end too,
  /// and an unsafe setting must not.
  void mark_host(const std::string& host, const std::string& setting) {
    behind_ += ", with {\"registries\": {\"" + host + "\": {\"" + setting +
               "\": true}}} in ~/.config/regctl/config.json for that registry alone";
  }

  [[nodiscard]] std::string name() const {
    return target_ == nullptr ? "regctl" : "regctl " + std::string(target_->text.name);
  }

  [[nodiscard]] std::string message() const {
    std::string text;
    if (foreign_ != nullptr) {
      text = "there is no command '" + std::string(foreign_->name) + "'";
      if (foreign_->words == Words::none || foreign_->words == Words::piped) {
        text += ": " + std::string(foreign_->ours);
      }
    }
    return text + (text.empty() || problems_.empty() ? "" : "; ") + problems_;
  }

  [[nodiscard]] bool has_line() const {
    return foreign_ == nullptr || !command_.empty() || names_mirror_file_;
  }

  [[nodiscard]] std::string line() const {
    if (names_mirror_file_) {
      return "regctl mirror --config FILE";
    }
    auto all = command_;
    all.insert(all.end(), flags_.begin(), flags_.end());
    all.insert(all.end(), words_.begin(), words_.end());
    auto text = typed_line(all);
    if (target_ == nullptr && command_.empty()) {
      return text +
             (is_any_of("--version", {flags_.empty() ? "" : flags_.back()}) ? "" : " COMMAND");
    }
    if (target_ != nullptr && std::find(flags_.begin(), flags_.end(), "--help") == flags_.end()) {
      for (std::size_t i = words_.size(); i < target_->positionals.size(); ++i) {
        text += target_->positionals[i].is_required ? " " + target_->positionals[i].name : "";
      }
    }
    return text;
  }

  struct End {
    std::string user;
    std::string setting; ///< "insecure", "plain_http"
  };

  const Manual& manual_;
  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  std::vector<std::size_t> leading_; ///< indexes of the words that are, or may be, the command
  const ForeignCommand* foreign_ = nullptr;
  const CommandManual* ours_ = nullptr;   ///< the typed command, if regctl has it
  const CommandManual* target_ = nullptr; ///< the command in the line to propose
  bool is_over_ = false;                  ///< "--" was seen
  bool has_changed_ = false;
  bool wants_password_ = false;
  bool names_mirror_file_ = false;
  std::vector<std::string> command_;
  std::vector<std::string> flags_;
  std::vector<std::string> words_;
  std::vector<std::string> plain_hosts_;
  std::optional<std::string> from_;
  std::optional<std::string> to_;
  End source_;
  End destination_;
  std::string before_; ///< text around the proposed line
  std::string behind_;
  std::string hint_ = "see regctl --help";
  std::string problems_;
};

} // namespace

void refuse_foreign_habits(const Manual& manual, const std::vector<std::string>& arguments) {
  Translation translation(manual, arguments);
  if (translation.run()) {
    throw translation.error();
  }
}

bool is_risky_flag(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 12> k_risky = {
      "--no-verify", "--insecure", "--plain-http", "--force", "--yes",     "--drop-tags",
      "--apply",     "--prune",    "--repository", "--open",  "--tls-min", "--replace-tag"};
  return std::find(k_risky.begin(), k_risky.end(), name) != k_risky.end();
}

} // namespace regctl::cli
