-- city Paris
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Paris' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,21,58,"-1.25","62.71",3.735809523809524]
-- ["done",true,37,116,"3","74.91",5.800419444444444]
-- ["lost",false,5,9,"7.25","31.4",6.09176]
-- ["lost",true,11,27,"3","57.65",2.354609090909091]
-- ["open",false,4,5,"9.99","67.57",2.5]
-- ["open",true,9,20,"3","62.66",7.2718125]
-- ["void",false,5,19,"5","20.01",3.82495]
-- ["void",true,11,36,"3","50.33",3.34086]
-- rows of newest
-- ["done",false,12,37,"3","62.71",4.4062833333333336]
-- ["done",true,26,81,"3","31.4",5.630048]
-- ["lost",false,5,9,"7.25","31.4",6.09176]
-- ["lost",true,7,18,"3","57.65",2.4285428571428573]
-- ["open",false,3,3,"9.99","67.57",2.5]
-- ["open",true,7,17,"3","62.66",9.112416666666666]
-- ["void",false,3,12,"9.99","20.01",5.8999]
-- ["void",true,8,22,"3","50.33",4.344085714285714]
