// SPDX-License-Identifier: Apache-2.0
#include "objects/bucket_folder.hpp"

#include "objects/bucket_upload.hpp"
#include "objects/claim.hpp"
#include "objects/object_file.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>

#include <chrono>
#include <map>

namespace regctl::objects {

namespace {

constexpr std::uint64_t k_mark_limit_bytes = 4096;
constexpr std::chrono::minutes k_claim_counts{2};
constexpr std::size_t k_writes_at_a_time = 16;

std::string text_of_mark(std::string_view word) {
  return (word.empty() ? "" : std::string(word) + "\n") + new_claim();
}

/// The claim in the last line of a mark's text.
std::string signature_of(const std::string& text) {
  return text.substr(text.rfind('\n') + 1); // npos + 1 is 0
}

} // namespace

std::string BucketFolder::key_of(const std::string& name) const {
  return tree_.key_of(path_ + "/" + name);
}

void BucketFolder::put(const std::string& name, std::string_view text, Durability) {
  tree_.bucket().put(key_of(name), text);
}

bool BucketFolder::claim(const std::string& name, std::string_view word) {
  return tree_.bucket().put_if_absent(key_of(name), text_of_mark(word));
}

bool BucketFolder::renew(const std::string& name, std::string_view word) {
  const auto mark = read_mark(name);
  return mark && is_own_claim(signature_of(*mark->text)) &&
         put_if_unchanged(name, text_of_mark(word), mark->version);
}

bool BucketFolder::take_over(const std::string& name) {
  const auto mark = read_mark(name);
  if (!mark) {
    return false;
  }
  const auto signature = signature_of(*mark->text);
  const bool is_left = is_own_claim(signature) || is_of_dead_process(signature) || is_old(name);
  return is_left && put_if_unchanged(name, text_of_mark({}), mark->version);
}

/// The mark, with its text; nothing if there is none.
std::optional<StorageTree::VersionedText> BucketFolder::read_mark(const std::string& name) const {
  auto mark = tree_.read_versioned(path_ + "/" + name, k_mark_limit_bytes);
  if (mark && !mark->text) { // a server may tell no size beforehand
    mark->text = tree_.bucket().read(key_of(name), k_mark_limit_bytes).value_or("");
  }
  return mark;
}

/// Whether a mark that was there is so old that it counts no longer.
bool BucketFolder::is_old(const std::string& name) const {
  auto& bucket = tree_.bucket();
  const auto mark = bucket.find(key_of(name));
  return mark && bucket.server_time() - mark->changed >= k_claim_counts;
}

bool BucketFolder::put_if_unchanged(const std::string& name, std::string_view text,
                                    const std::string& version) {
  if (version.empty()) {
    return tree_.bucket().put_if_absent(key_of(name), text);
  }
  const auto etag = etag_of(version);
  if (etag.empty()) { // the last writer wins
    put(name, text, Durability::whole);
    return true;
  }
  return tree_.bucket().put_if_unchanged(key_of(name), text, etag);
}

std::vector<std::exception_ptr>
BucketFolder::put_groups(const std::vector<const FileGroup*>& groups) {
  // Groups are written side by side. Of a file that several have, the last group's counts, as if
  // they were written one after the other.
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& file : groups[i]->files) {
      last[file.name] = i;
    }
  }
  std::vector<std::exception_ptr> problems(groups.size());
  run_parallel(k_writes_at_a_time, groups.size(), [&](std::size_t i) {
    try {
      for (const auto& file : groups[i]->files) {
        if (last.at(file.name) == i) {
          put(file.name, file.text, Durability::whole);
        }
      }
    } catch (...) {
      problems[i] = std::current_exception();
    }
  });
  // A file that another group was to write is not written if that one failed.
  for (std::size_t i = 0; i < groups.size(); ++i) {
    for (const auto& file : groups[i]->files) {
      if (!problems[i]) {
        problems[i] = problems[last.at(file.name)];
      }
    }
  }
  return problems;
}

std::unique_ptr<StorageUpload> BucketFolder::start_upload(const std::string& name) {
  return std::make_unique<BucketUpload>(tree_.bucket(), tree_.part_buffers(), key_of(name));
}

bool BucketFolder::can_copy(const StoredFile& file) const {
  return tree_.can_adopt(file).is_possible;
}

void BucketFolder::copy_file(const StoredFile& file, const std::string& name,
                             const std::function<void()>& on_step) {
  const auto& from = dynamic_cast<const ObjectFile&>(file);
  try {
    tree_.bucket().copy(from.bucket(), from.info(), key_of(name), on_step);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::unsupported || error.kind() == ErrorKind::denied) {
      tree_.has_copies_not();
    }
    throw;
  }
}

bool BucketFolder::remove(const std::string& name) {
  const bool was_there = tree_.bucket().find(key_of(name)).has_value();
  if (was_there) {
    discard(name);
  }
  return was_there;
}

void BucketFolder::discard(const std::string& name) {
  tree_.bucket().remove(key_of(name));
}

std::vector<std::string> BucketFolder::names() const {
  std::vector<std::string> names;
  const auto folder = key_of("");
  tree_.bucket().list(
      folder, {[&](const ObjectInfo& object) { names.push_back(object.key.substr(folder.size())); },
               [](const std::string&) {}});
  return names;
}

} // namespace regctl::objects
