-- group by all
-- engine: direct

SELECT status, paid, count(*) FROM trips GROUP BY ALL LIMIT 1000

-- rows of all
-- ["done",true,263]
-- ["done",false,169]
-- ["lost",true,110]
-- ["lost",false,59]
-- ["open",false,57]
-- ["open",true,87]
-- ["void",false,56]
-- ["void",true,99]
-- rows of newest
-- ["lost",true,64]
-- ["done",true,143]
-- ["open",false,33]
-- ["void",false,34]
-- ["lost",false,33]
-- ["done",false,109]
-- ["open",true,56]
-- ["void",true,61]
