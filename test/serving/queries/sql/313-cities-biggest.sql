-- cities biggest
-- engine: direct
-- ordered

SELECT city FROM cities ORDER BY population DESC LIMIT 1

-- rows of all
-- ["São Paulo"]
-- rows of newest
-- ["São Paulo"]
