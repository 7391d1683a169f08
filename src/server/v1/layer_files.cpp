// SPDX-License-Identifier: Apache-2.0
#include "server/v1/layer_files.hpp"

#include "server/http/produced_text.hpp"
#include "server/http/responses.hpp"
#include "server/v1/answers.hpp"
#include "server/v1/images.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <map>
#include <utility>

namespace regctl::server {

namespace {

/// Limit on the entries of one layer that are compared with the layers below it.
constexpr std::size_t k_diff_limit = 500'000;
constexpr std::size_t k_diff_limit_bytes = 64 * 1024 * 1024; // of their names
constexpr std::string_view k_whiteout = ".wh.";

const char* type_of(char type) {
  switch (type) {
  case '0':
    return "f";
  case '1':
    return "l";
  case '2':
    return "s";
  case '3':
    return "c";
  case '4':
    return "b";
  case '5':
    return "d";
  case '6':
    return "i";
  case '7':
    return "t";
  default:
    return "u";
  }
}

/// Collects a text in a file without a name, and sends it from there.
class Spool {
public:
  void add(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= k_buffer_bytes) {
      flush();
    }
  }

  Response finish() {
    flush();
    Response response;
    response.headers.push_back({"Content-Type", "application/json"});
    make_cacheable(response, "");
    response.file =
        FilePart{std::make_shared<const FileDescriptor>(std::move(file_)), 0, size_bytes_};
    return response;
  }

private:
  void flush() {
    write_fully(file_.get(), as_bytes(buffer_), "a temporary file");
    size_bytes_ += buffer_.size();
    buffer_.clear();
  }

  FileDescriptor file_ = make_temporary_file();
  std::string buffer_;
  std::uint64_t size_bytes_ = 0;
};

/// Ends the reading, by an exception, when the client no longer wants the result.
class WantedSource final : public Source {
public:
  WantedSource(std::unique_ptr<Source> source, CheckWanted check_wanted)
      : source_(std::move(source)), check_wanted_(std::move(check_wanted)) {}

  std::size_t read(std::span<std::byte> out) override {
    if (read_bytes_ >= k_checked_bytes) {
      check_wanted_();
      read_bytes_ = 0;
    }
    const auto n = source_->read(out);
    read_bytes_ += n;
    return n;
  }

private:
  static constexpr std::size_t k_checked_bytes = 1024 * 1024; // checked once per MiB
  std::unique_ptr<Source> source_;
  CheckWanted check_wanted_;
  std::size_t read_bytes_ = 0;
};

enum class Fate { created, changed };

struct Seen {
  LayerEntry entry;
  Fate fate = Fate::created;
  bool is_met = false; ///< found in the layer that is being compared
  bool is_settled = false;
};

void add_group(Spool& spool, const char* name, const std::map<std::string, Seen>& files,
               const std::function<bool(const Seen&)>& is_in) {
  spool.add("\"" + std::string(name) + "\": {");
  bool is_first = true;
  for (const auto& [path, seen] : files) {
    if (is_in(seen)) {
      spool.add((is_first ? "" : ", ") + json_quote(path) + ": [" + seen.entry.fields + "]");
      is_first = false;
    }
  }
  spool.add("}");
}

} // namespace

LayerReader::LayerReader(const V1Storage& storage, const std::string& id,
                         const CheckWanted& check_wanted) {
  const auto file = storage.open_layer(id);
  if (!file) {
    throw Error(ErrorKind::not_found, "the layer of image " + id + " is not there");
  }
  if (file->size_bytes() > 0) {
    const auto what = "the layer of image " + id;
    // Checked before and after unpacking: a few bytes may unpack to very many.
    auto unpacked = make_decompressed_source(
        std::make_unique<WantedSource>(file->open(what), check_wanted), what);
    tar_ = std::make_unique<TarReader>(
        std::make_unique<WantedSource>(std::move(unpacked), check_wanted), what);
  }
}

LayerReader::~LayerReader() = default;

std::optional<LayerEntry> LayerReader::next() {
  while (const auto entry = tar_ ? tar_->next() : std::nullopt) {
    LayerEntry listed;
    listed.name = entry->name == "." || entry->name == "./" ? "/" : entry->name;
    while (listed.name.size() > 1 && listed.name.ends_with('/')) {
      listed.name.pop_back();
    }
    if (listed.name.starts_with("./")) {
      listed.name.erase(0, 1);
    }
    const auto base = listed.name.rfind('/') + 1; // npos + 1 is 0
    if (std::string_view(listed.name).substr(base).starts_with(k_whiteout)) {
      listed.name.erase(base, k_whiteout.size());
      listed.is_deleted = true;
    }
    if (std::string_view(listed.name).substr(base).starts_with(k_whiteout)) {
      continue; // ".wh..wh.plnk" and similar metadata
    }
    listed.fields = json_quote(type_of(entry->type)) +
                    (listed.is_deleted ? ", true, " : ", false, ") +
                    std::to_string(entry->size_bytes) + ", " + std::to_string(entry->mtime_s) +
                    ", " + std::to_string(entry->mode) + ", " + std::to_string(entry->uid) + ", " +
                    std::to_string(entry->gid);
    return listed;
  }
  return std::nullopt;
}

namespace {

/// The request outlives the reading of its answer, so a reference is safe.
CheckWanted check_wanted_by(const Request& request) {
  return [&request] { request.check_wanted(); };
}

/// [["/etc", "d", false, …], …], made entry by entry.
class LayerListing final : public ProducedText {
public:
  LayerListing(const V1Storage& storage, const std::string& id, const CheckWanted& check_wanted)
      : layer_(storage, id, check_wanted) {}

private:
  enum class Stage { begin, entries, over };

  bool add_to(std::string& text) override {
    if (stage_ == Stage::over) {
      return false;
    }
    const auto entry = layer_.next();
    text += stage_ == Stage::begin ? "[" : entry ? ", " : "";
    text += entry ? "[" + json_quote(entry->name) + ", " + entry->fields + "]" : "]";
    stage_ = entry ? Stage::entries : Stage::over;
    return true;
  }

  LayerReader layer_;
  Stage stage_ = Stage::begin;
};

/// A short listing is answered as a whole. A long one, of up to millions of files, is sent while it
/// is made; it is cut off if the layer turns out to be damaged.
Response files_of(Call& call) {
  Response response;
  response.headers.push_back({"Content-Type", "application/json"});
  make_cacheable(response, "");
  auto listing = std::make_unique<LayerListing>(*call.service.storage, call.target.id,
                                                check_wanted_by(call.request));
  if (listing->prepare(k_buffer_bytes)) {
    response.text = listing->take();
  } else {
    response.stream = std::move(listing);
  }
  return response;
}

/// Calls `on_entry` for each entry of a layer.
template <class OnEntry>
void for_each_entry(const Call& call, const std::string& id, OnEntry&& on_entry) {
  LayerReader layer(*call.service.storage, id, check_wanted_by(call.request));
  while (const auto entry = layer.next()) {
    on_entry(*entry);
  }
}

/// The change that the layer makes to each of its files, compared with the nearest layer below that
/// has the file: deleted for a whiteout, changed if it was there, created if it was absent or had
/// been deleted.
Response diff_of(Call& call) {
  const auto chain = call.service.storage->chain(call.target.id);
  if (!chain) {
    return error_response(404, k_broken_chain);
  }
  const auto turn = call.service.diffs.take(1, call.request);
  std::map<std::string, Seen> files;
  std::size_t bytes = 0;
  for_each_entry(call, call.target.id, [&](const LayerEntry& entry) {
    bytes += entry.name.size();
    if (files.size() == k_diff_limit || bytes > k_diff_limit_bytes) {
      throw Error(ErrorKind::unsupported, "the layer has too many files for a diff");
    }
    files[entry.name] = {entry, Fate::created, false, entry.is_deleted};
  });
  for (std::size_t below = 1; below < chain->size(); ++below) {
    // Settled only after the layer: a name may occur twice in it, and the last one counts.
    std::vector<std::string> met;
    for_each_entry(call, (*chain)[below], [&](const LayerEntry& entry) {
      const auto found = files.find(entry.name);
      if (found != files.end() && !found->second.is_settled) {
        found->second.fate = entry.is_deleted ? Fate::created : Fate::changed;
        if (!std::exchange(found->second.is_met, true)) {
          met.push_back(entry.name);
        }
      }
    });
    for (const auto& name : met) {
      files[name].is_settled = true;
    }
  }
  Spool spool;
  spool.add("{");
  add_group(spool, "changed", files,
            [](const Seen& seen) { return !seen.entry.is_deleted && seen.fate == Fate::changed; });
  spool.add(", ");
  add_group(spool, "created", files,
            [](const Seen& seen) { return !seen.entry.is_deleted && seen.fate == Fate::created; });
  spool.add(", ");
  add_group(spool, "deleted", files, [](const Seen& seen) { return seen.entry.is_deleted; });
  spool.add("}");
  return spool.finish();
}

/// Answers a request about a layer. Refuses incomplete images; a layer that is not a tar is an
/// error of the client that pushed it, hence 400.
Response answer_about_layer(Call& call, Response (*answer)(Call&)) {
  if (auto refusal = refuse_incomplete(call)) {
    return std::move(*refusal);
  }
  try {
    return answer(call);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return error_response(400, error.message());
  }
}

} // namespace

Response get_image_files(Call& call) {
  return answer_about_layer(call, &files_of);
}

Response get_image_diff(Call& call) {
  return answer_about_layer(call, &diff_of);
}
} // namespace regctl::server
