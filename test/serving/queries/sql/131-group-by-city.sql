-- group by city
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- ["Accra",106]
-- ["Kyiv",104]
-- ["Oslo",103]
-- ["Paris",103]
-- ["Quito",101]
-- ["São Paulo",101]
-- ["Berlin",85]
-- ["Lima",81]
-- ["Zürich",68]
-- [null,48]
-- rows of newest
-- ["Paris",71]
-- ["Oslo",67]
-- ["Accra",66]
-- ["Quito",61]
-- ["Kyiv",55]
-- ["Lima",52]
-- ["São Paulo",52]
-- ["Berlin",48]
-- ["Zürich",42]
-- [null,28]
