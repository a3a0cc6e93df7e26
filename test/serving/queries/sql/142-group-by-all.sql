-- group by all
-- engine: direct

SELECT status, paid, count(*) FROM trips GROUP BY ALL LIMIT 1000

-- rows of all
-- ["done",true,268]
-- ["done",false,171]
-- ["lost",true,100]
-- ["lost",false,61]
-- ["open",false,54]
-- ["open",true,92]
-- ["void",false,63]
-- ["void",true,91]
-- rows of newest
-- ["lost",true,57]
-- ["done",true,161]
-- ["done",false,108]
-- ["void",true,52]
-- ["void",false,40]
-- ["open",false,28]
-- ["lost",false,39]
-- ["open",true,57]
