-- The load of the benchmarks, for wrk. Every answer is looked at: 200 and what it must hold, or it is counted as wrong.
--
--   wrk ... -s load.lua URL -- MODE FILE FIRST COUNT BODY REPORT
--
-- MODE is `random`: any of the credentials, as often as it comes; `once`: each once, and the load stops when they are
-- used up; or `rotating`: each gives its successor, which is used next. FILE has a credential in each line, of which
-- COUNT are taken from line FIRST on. BODY is the form with `@` where the credential goes. REPORT is the file for the
-- figures. For one thread of wrk (-t1), whose credentials these are.

local ffi = require("ffi")
ffi.cdef("typedef struct { long seconds; long nanoseconds; } moment; int clock_gettime(int clock, moment *at);")
local MONOTONIC = 1
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  mode, body, report = args[1], args[5], args[6]
  local first, count, line = tonumber(args[3]), tonumber(args[4]), 0
  queue, head, tail, wrong, sample = {}, 1, 0, 0, ""
  answered, began, lasted = 0, nil, nil
  for credential in io.lines(args[2]) do
    line = line + 1
    if line > first + count - 1 then break end
    if line >= first then
      tail = tail + 1
      queue[tail] = written(credential)
    end
  end
  math.randomseed(first + count)
end

-- Seconds. Where the credentials are used up early, wrk itself counts the whole time that it was given.
function now()
  local at = ffi.new("moment")
  ffi.C.clock_gettime(MONOTONIC, at)
  return tonumber(at.seconds) + tonumber(at.nanoseconds) / 1e9
end

function written(credential)
  local form = body:gsub("@", (credential:gsub("%%", "%%%%")))
  return wrk.format("POST", nil, nil, form)
end

function request()
  if mode == "random" then return queue[math.random(tail)] end
  local next = queue[head]
  if next == nil then
    -- One too many, which is answered with an error and not looked at.
    wrk.thread:stop()
    if lasted == nil then lasted = began and now() - began end
    return queue[head - 1]
  end
  if mode == "rotating" then queue[head] = nil end
  head = head + 1
  return next
end

function response(status, headers, text)
  if lasted ~= nil then return end
  answered = answered + 1
  if mode == "random" then
    local active = text:find('"active":true', 1, true) or text:find('"active": true', 1, true)
    if status ~= 200 or active == nil then refuse(status, text) end
    return
  end
  if began == nil then began = now() end
  local successor = text:match('"refresh_token": ?"([^"]+)"')
  if status ~= 200 or successor == nil or not text:find('"access_token":', 1, true) then
    refuse(status, text)
  elseif mode == "rotating" then
    tail = tail + 1
    queue[tail] = written(successor)
  end
end

function refuse(status, text)
  wrong = wrong + 1
  sample = status .. " " .. text:sub(1, 200)
end

function done(summary, latency, requests)
  local thread = threads[1]
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  local file = io.open(thread:get("report"), "w")
  local lasted = thread:get("lasted") or summary.duration / 1e6
  file:write(string.format("%d %.6f %.3f %.3f %d %d\n%s", thread:get("answered"), lasted,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, thread:get("wrong"), broken, thread:get("sample")))
  file:close()
end
