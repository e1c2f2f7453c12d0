-- Calls with many credentials, for wrk, each as likely as another:
--
--   wrk ... -s bearers.lua URL -- FILE
--
-- FILE has a bearer credential in each line.

local calls = {}

function init(args)
  for bearer in io.lines(args[1]) do
    calls[#calls + 1] = wrk.format("GET", nil, { ["Authorization"] = "Bearer " .. bearer })
  end
end

function request()
  return calls[math.random(#calls)]
end
